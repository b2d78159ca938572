#pragma once
// Sends HTTP calls: a thin shell around libcurl's multi socket interface, driven by the event loop and never
// blocking it. What is allowed and when to give up is decided by HttpExchange.

#include <cstdint>
#include <functional>
#include <memory>

#include "base/event_loop.hpp"
#include "config/settings.hpp"
#include "effect/http/http_call.hpp"

namespace toolpost {

/// Names one started call; never used again.
enum class HttpRequestId : std::uint64_t {};

/// HTTP/1.1, and HTTP/2 over TLS where the server offers it; connections are kept and shared between calls.
/// TLS is verified; environment proxies, netrc files and cookies are not used. At most http.connections_max
/// calls run at once and http.queue_size_max others wait in order; a further one fails as `exhausted`.
/// Threads: the loop's; name resolution runs on threads of curl.
class HttpClient {
 public:
  /// Lifetime: `loop` and `settings` must outlive the client.
  HttpClient(EventLoop& loop, const HttpSettings& settings);
  /// Cancels what is running.
  ~HttpClient();

  /// Calls `done` exactly once, in a later round of the loop, unless cancelled; `progress` (may be empty)
  /// before it, at most once per round, when content arrived. Both may start and cancel calls, but not
  /// destroy the client. Errors: permission, invalid_input, invalid_config, unavailable, deadline,
  /// bad_upstream, exhausted; side_effect is none when nothing was sent, else maybe.
  HttpRequestId start(HttpCall call, std::function<void(HttpOutcome)> done,
                      std::function<void(HttpProgress)> progress = {});
  /// Ends the call at once; neither callback runs any more. Does nothing for an id that is done.
  void cancel(HttpRequestId id);

  /// Calls running and waiting, for metrics.
  std::size_t running() const;
  std::size_t waiting() const;

 private:
  class Shell;
  std::unique_ptr<Shell> shell_;
};

}  // namespace toolpost
