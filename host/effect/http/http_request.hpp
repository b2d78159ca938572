#pragma once
// The JSON of the http effect: what a plugin asks for and what it gets back. The only place that knows these
// shapes.
//
//   request   {"method": "POST", "url": "https://...", "headers": {..}, "json" | "text" | "body_base64": ..,
//              "secret": "NAME", "stream": "sse" | "ndjson", "content_pointers":
//              ["/choices/0/delta/content"], "idempotency_key": ".."}
//   response  {"status": 200, "headers": {..}, "body_json" | "body_text" | "body_base64": .., "events":
//   [{"event", "data"}],
//              "truncated": false, "error": {"code", "message"}, "retry_after_ms": 1000, "elapsed_ms": 12,
//              "bytes": 345}

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "effect/http/event_framer.hpp"
#include "effect/http/http_headers.hpp"
#include "effect/http/origin.hpp"

namespace toolpost {

inline constexpr std::size_t request_body_bytes_max = 32 << 20;

struct HttpRequest {
  std::string method = "GET";  // GET, POST, PUT or DELETE
  Url url;
  HttpHeaders headers;              // checked; with Content-Type when there is a body
  std::optional<std::string> body;  // POST and PUT always have one, maybe empty
  std::string secret;               // name of a bound secret; "" none
  StreamFormat stream = StreamFormat::none;
  std::vector<std::string>
      content_pointers;         // JSON pointers of content deltas; none: every event with data is content
  std::string idempotency_key;  // sent as Idempotency-Key; permits sending again after a lost connection
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;  // of the last hop, those that a plugin may see
  std::string body;     // decompressed; empty for a stream
  std::vector<StreamEvent> events;
  bool streamed = false;              // the answer was framed; `events` counts instead of `body`
  std::optional<Error> broken_by;     // the stream ended early; what came before is kept
  std::optional<Millis> retry_after;  // what the upstream asked for, dates included, at most an hour
  Millis elapsed{0};
  std::uint64_t bytes = 0;  // of body or stream, decompressed
};

/// Reads and checks a plugin's request.
/// Errors: invalid_input, naming the member.
Result<HttpRequest> http_request_from_json(std::string_view text);

/// Writes the response for the plugin. A body that says it is JSON and is becomes body_json, valid UTF-8
/// body_text, anything else body_base64. `secret` is masked in decoded strings too, where escapes may have
/// hidden it.
std::string http_response_to_json(const HttpResponse& response, std::string_view secret = {});

/// True when the event's data has content: a non-empty text, list or object, or a number or true, at one of
/// `pointers`. Without pointers any data counts.
bool has_content(std::string_view data, const std::vector<std::string>& pointers);

/// Replaces every occurrence of `secret` by "[secret]". Secrets under 4 bytes are left: they would match by
/// chance.
void mask_secret(std::string& text, std::string_view secret);

}  // namespace toolpost
