#pragma once
// One HTTP call from start to outcome, over all its redirects: grants, limits, timers, framing, masking.
// Bytes and times in, decisions out; no socket, no clock, no curl. The client asks it at every step.

#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "effect/http/http_call.hpp"

namespace toolpost {

class HttpExchange {
 public:
  enum class Next { finished, follow };

  /// `settings` must outlive the exchange.
  HttpExchange(HttpCall call, const HttpSettings& settings, TimePoint now);

  // What the current hop sends.
  const Url& url() const { return url_; }
  const std::string& method() const { return method_; }
  const std::string* body() const { return body_ ? &*body_ : nullptr; }
  HttpHeaders request_headers() const;
  bool wants_stream() const { return call_.request.stream != StreamFormat::none; }

  // What happens to it, in this order. False means: stop this hop; the reason is kept for outcome().
  void begin_hop(TimePoint now);         // leaves the queue or follows a redirect
  bool permit_address(bool is_private);  // before a socket opens, and again before it is used
  bool permit_sending(TimePoint now);    // the first byte is about to leave
  void note_upload(TimePoint now);       // the upstream took some of the body
  bool take_header_line(std::string_view line, TimePoint now);
  bool take_body(std::string_view bytes, TimePoint now);
  /// `error` is the transport's, if the hop ended with one. `follow` means: begin_hop() again, to the new
  /// url().
  Next end_hop(std::optional<Error> error, TimePoint now);

  /// The first reason counts, later ones are dropped.
  void fail(Error error);
  bool failed() const { return failure_.has_value(); }

  /// When overdue() must be asked; content moves it on.
  TimePoint due() const;
  /// Fails the exchange with the limit that has run out, if one has.
  bool overdue(TimePoint now);

  /// News since the last time; nothing without new content.
  std::optional<HttpProgress> take_progress();
  /// Once, when finished or failed. `unix_now` is for Retry-After dates.
  HttpOutcome take_outcome(TimePoint now, std::chrono::seconds unix_now);

  /// "POST https://host/path", without the query.
  std::string describe() const;

 private:
  enum class Phase { queued, connecting, waiting, receiving };

  void enter(Phase phase, TimePoint now);
  void headers_complete(TimePoint now);
  void count_events(std::size_t first, TimePoint now);
  bool is_redirect() const;
  std::optional<Error> follow_redirect();
  SideEffect side_effect() const;
  void mask(HttpResponse& response) const;
  Error about(Errc code, const std::string& what) const;

  const HttpSettings& settings_;
  const TimePoint started_;
  HttpCall call_;  // its body and headers move to the hop

  // What this hop asks.
  Url url_;
  std::string method_;
  std::optional<std::string> body_;
  HttpHeaders headers_;
  bool by_operator_ = false;  // the origin may be private
  bool with_secret_ = false;  // until the first redirect to another origin, then never again
  std::uint32_t redirects_ = 0;
  bool processed_ = false;  // an earlier hop did its work and then redirected

  // How far this hop is.
  Phase phase_ = Phase::queued;
  TimePoint phase_due_;
  unsigned sends_ = 0;
  bool private_refused_ = false;
  std::uint64_t header_bytes_ = 0;
  bool headers_done_ = false;

  // What it has brought.
  HttpResponse response_;
  std::optional<EventFramer> framer_;
  std::size_t content_events_ = 0;
  bool news_ = false;
  std::optional<Error> failure_;
};

}  // namespace toolpost
