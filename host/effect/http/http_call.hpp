#pragma once
// One run of the http effect as the host sees it: the request, what the operator has granted, and what comes
// out. Decides which origins and addresses are allowed; does no I/O.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "effect/http/http_request.hpp"

namespace toolpost {

struct AllowedOrigin {
  Origin origin;
  bool by_operator =
      false;  // written literally in the configuration: http:// and private addresses are permitted
};

struct BoundSecret {
  Origin origin;       // sent to this one only
  std::string header;  // e.g. "Authorization"
  std::string prefix;  // e.g. "Bearer "
  std::string value;   // never in a message, log or response
};

struct HttpCall {
  HttpRequest request;
  std::string plugin_id;  // for messages that tell the operator what to write
  std::vector<AllowedOrigin> allowed;
  std::optional<BoundSecret> secret;  // what request.secret names; unused when the request names none
  Deadline deadline;
};

struct HttpOutcome {
  Result<HttpResponse> result;  // any status is a response; an Error says in side_effect whether it was sent
  std::optional<Millis> retry_after;  // what the upstream asked for, at most an hour
};

/// Told when content arrived; pings, comments and empty deltas are none.
struct HttpProgress {
  std::uint64_t bytes = 0;  // of the body so far, decompressed
  std::size_t events = 0;
  std::size_t content_events = 0;
};

/// The grant that covers `origin`.
/// Errors: permission, with the TOML to write.
Result<AllowedOrigin> find_grant(const HttpCall& call, const Origin& origin);

/// Why an origin that resolved to a private address was not asked.
Error private_address_refused(const HttpCall& call, const Origin& origin);

/// Checks what can be known before anything is sent: the grant, the secret's name, origin and header.
/// Errors: permission, invalid_input, invalid_config.
Result<void> check_call(const HttpCall& call);

}  // namespace toolpost
