#include "effect/http/http_exchange.hpp"

#include <algorithm>

#include "effect/http/retry_after.hpp"

namespace toolpost {
namespace {

constexpr std::size_t described_path_bytes_max = 128;

/// A server that was asked for a stream may answer with a plain body (an error, or no streaming at all).
bool is_stream_type(StreamFormat format, std::string_view content_type) {
  const std::string lower = lower_ascii(content_type);
  const std::string_view media = std::string_view(lower).substr(0, lower.find_first_of("; "));
  if (format == StreamFormat::sse) return media.empty() || media == "text/event-stream";
  static constexpr std::string_view line_types[] = {"",
                                                    "application/x-ndjson",
                                                    "application/ndjson",
                                                    "application/jsonl",
                                                    "application/x-jsonlines",
                                                    "application/jsonlines",
                                                    "application/json-lines",
                                                    "application/stream+json",
                                                    "application/x-json-stream",
                                                    "text/plain"};
  return std::find(std::begin(line_types), std::end(line_types), media) != std::end(line_types);
}

/// The three digits of "HTTP/1.1 200 OK" or "HTTP/2 200"; 0 for anything else.
int parse_status(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || line.size() < space + 4) return 0;
  int status = 0;
  for (const char c : line.substr(space + 1, 3)) {
    if (c < '0' || c > '9') return 0;
    status = status * 10 + (c - '0');
  }
  return status >= 100 ? status : 0;
}

void drop_header(HttpHeaders& headers, std::string_view name) {
  std::erase_if(headers, [&](const auto& header) { return header.first == name; });
}

}  // namespace

HttpExchange::HttpExchange(HttpCall call, const HttpSettings& settings, TimePoint now)
    : settings_(settings),
      started_(now),
      call_(std::move(call)),
      url_(call_.request.url),
      method_(call_.request.method),
      with_secret_(!call_.request.secret.empty()) {
  if (auto checked = check_call(call_); !checked) fail(checked.error());
  body_ = std::move(call_.request.body);
  headers_ = std::move(call_.request.headers);
  if (!call_.request.idempotency_key.empty())
    headers_.emplace_back("idempotency-key", call_.request.idempotency_key);
  if (auto grant = find_grant(call_, url_.origin)) by_operator_ = grant->by_operator;
  if (call_.deadline.expired(now))
    fail(about(Errc::deadline, "the call's deadline had passed before it began"));
}

HttpHeaders HttpExchange::request_headers() const {
  HttpHeaders headers = headers_;
  if (with_secret_) headers.emplace_back(call_.secret->header, call_.secret->prefix + call_.secret->value);
  return headers;
}

std::string HttpExchange::describe() const {
  return method_ + " " + to_string(url_.origin) +
         std::string(url_.path().substr(0, described_path_bytes_max));
}

Error HttpExchange::about(Errc code, const std::string& what) const {
  return Error{code, describe() + ": " + what};
}

void HttpExchange::fail(Error error) {
  if (!failure_) failure_ = std::move(error);
}

void HttpExchange::enter(Phase phase, TimePoint now) {
  phase_ = phase;
  switch (phase) {
    case Phase::queued:
      break;
    case Phase::connecting:
      phase_due_ = now + settings_.connect;
      break;
    case Phase::waiting:
      phase_due_ = now + settings_.first_byte;
      break;
    case Phase::receiving:
      phase_due_ = now + settings_.stream_idle;
      break;
  }
}

void HttpExchange::begin_hop(TimePoint now) {
  enter(Phase::connecting, now);
  sends_ = 0;
  private_refused_ = false;
  header_bytes_ = 0;
  headers_done_ = false;
  response_ = {};
}

bool HttpExchange::permit_address(bool is_private) {
  if (!is_private || by_operator_) return true;
  private_refused_ = true;
  return false;
}

bool HttpExchange::permit_sending(TimePoint now) {
  // The transport sends again by itself when a kept connection turns out to be closed. Whether the first copy
  // was received is not known then.
  if (sends_ > 0 && method_ != "GET" && call_.request.idempotency_key.empty()) {
    fail(about(Errc::unavailable, "the connection was lost before an answer, and a " + method_ +
                                      " without idempotency_key is not sent twice"));
    return false;
  }
  ++sends_;
  enter(Phase::waiting, now);
  return true;
}

void HttpExchange::note_upload(TimePoint now) {
  if (phase_ == Phase::waiting) enter(Phase::waiting, now);
}

bool HttpExchange::take_header_line(std::string_view line, TimePoint now) {
  header_bytes_ += line.size();
  if (header_bytes_ > settings_.header_bytes_max) {
    fail(about(Errc::exhausted, "the answer's header is larger than http.header_bytes_max = " +
                                    std::to_string(settings_.header_bytes_max)));
    return false;
  }
  if (headers_done_) return true;  // trailers
  if (line.starts_with("HTTP/")) {
    response_.headers.clear();  // of an interim answer
    response_.status = parse_status(line);
    if (response_.status == 0) fail(about(Errc::bad_upstream, "the status line is malformed"));
    return !failed();
  }
  if (line.find_first_not_of("\r\n") == std::string_view::npos) {
    if (response_.status >= 200) headers_complete(now);
    return true;
  }
  if (auto header = parse_header_line(line)) response_.headers.push_back(std::move(*header));
  return true;
}

void HttpExchange::headers_complete(TimePoint now) {
  headers_done_ = true;
  enter(Phase::receiving, now);
  const StreamFormat format = call_.request.stream;
  response_.streamed = format != StreamFormat::none && response_.status >= 200 && response_.status < 300 &&
                       is_stream_type(format, find_header(response_.headers, "content-type"));
  if (!response_.streamed) return;
  FramerLimits limits;
  limits.total_bytes_max = settings_.body_bytes_max;
  limits.event_bytes_max = std::min<std::size_t>(limits.event_bytes_max, settings_.body_bytes_max);
  framer_.emplace(format, limits);
}

bool HttpExchange::take_body(std::string_view bytes, TimePoint now) {
  if (bytes.size() > settings_.body_bytes_max - response_.bytes) {
    fail(about(Errc::exhausted, "the answer is larger than http.body_bytes_max = " +
                                    std::to_string(settings_.body_bytes_max) + " bytes, decompressed"));
    return false;
  }
  response_.bytes += bytes.size();
  if (!response_.streamed) {
    if (!is_redirect()) response_.body.append(bytes);
    enter(Phase::receiving, now);
    news_ = true;
    return true;
  }
  const std::size_t first = response_.events.size();
  const auto fed = framer_->feed(bytes, response_.events);
  count_events(first, now);
  if (!fed) fail(fed.error().with(describe()));
  return fed.has_value();
}

/// Only content moves the idle limit on: comments, pings and empty deltas leave it where it is.
void HttpExchange::count_events(std::size_t first, TimePoint now) {
  for (std::size_t i = first; i < response_.events.size(); ++i) {
    if (!has_content(response_.events[i].data, call_.request.content_pointers)) continue;
    ++content_events_;
    news_ = true;
    enter(Phase::receiving, now);
  }
}

HttpExchange::Next HttpExchange::end_hop(std::optional<Error> error, TimePoint now) {
  if (error && private_refused_) fail(private_address_refused(call_, url_.origin));
  if (error) fail(std::move(*error));
  if (failed()) return Next::finished;
  if (!headers_done_) {
    fail(about(Errc::bad_upstream, "the answer has no header"));
    return Next::finished;
  }
  if (response_.streamed) {
    const std::size_t first = response_.events.size();
    const auto ended = framer_->finish(response_.events);
    count_events(first, now);
    if (!ended) fail(ended.error().with(describe()));
    return Next::finished;
  }
  if (!is_redirect()) return Next::finished;
  if (auto refused = follow_redirect()) {
    fail(std::move(*refused));
    return Next::finished;
  }
  return Next::follow;
}

bool HttpExchange::is_redirect() const {
  const int status = response_.status;
  const bool redirects = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  return redirects && settings_.redirects_max > 0 && !find_header(response_.headers, "location").empty();
}

std::optional<Error> HttpExchange::follow_redirect() {
  const int status = response_.status;
  sends_ = 0;  // this hop has been answered; what follows is a request of its own
  const bool to_get =
      method_ != "GET" && (status == 303 || ((status == 301 || status == 302) && method_ == "POST"));
  if (to_get) processed_ = true;
  if (++redirects_ > settings_.redirects_max) {
    return about(Errc::bad_upstream,
                 "more redirects than http.redirects_max = " + std::to_string(settings_.redirects_max));
  }
  auto next = resolve_location(url_, find_header(response_.headers, "location"));
  if (!next)
    return about(Errc::bad_upstream, "redirected to an address that is not allowed: " + next.error().message);
  auto grant = find_grant(call_, next->origin);
  if (!grant) return grant.error().with(describe() + ": redirected");
  if (to_get) {
    method_ = "GET";
    body_.reset();
    drop_header(headers_, "content-type");
  }
  if (next->origin != url_.origin) {
    with_secret_ = false;
    drop_header(headers_, "authorization");
  }
  by_operator_ = grant->by_operator;
  url_ = std::move(*next);
  return std::nullopt;
}

TimePoint HttpExchange::due() const {
  if (failed()) return started_;
  if (phase_ == Phase::queued) return call_.deadline.at();
  return std::min(call_.deadline.at(), phase_due_);
}

bool HttpExchange::overdue(TimePoint now) {
  if (failed()) return true;
  if (now < due()) return false;
  const std::string elapsed = " (" + ms_text(now - started_) + " since the start)";
  if (call_.deadline.expired(now)) {
    const std::string when =
        phase_ == Phase::queued
            ? "while waiting for one of http.connections_max = " + std::to_string(settings_.connections_max) +
                  " connections"
        : phase_ == Phase::connecting ? "while connecting"
        : phase_ == Phase::waiting    ? "before an answer came"
                                      : "before the answer was complete";
    fail(about(Errc::deadline, "the call's deadline passed " + when + elapsed));
  } else if (phase_ == Phase::connecting) {
    fail(about(Errc::deadline, "no connection within http.connect_ms = " +
                                   std::to_string(settings_.connect.count()) + elapsed));
  } else if (phase_ == Phase::waiting) {
    fail(about(Errc::deadline, "no answer within http.first_byte_ms = " +
                                   std::to_string(settings_.first_byte.count()) + elapsed));
  } else {
    fail(about(Errc::deadline, "no content for http.stream_idle_ms = " +
                                   std::to_string(settings_.stream_idle.count()) + elapsed));
  }
  return true;
}

std::optional<HttpProgress> HttpExchange::take_progress() {
  if (!news_) return std::nullopt;
  news_ = false;
  if (is_redirect()) return std::nullopt;
  return HttpProgress{response_.bytes, response_.events.size(), content_events_};
}

SideEffect HttpExchange::side_effect() const {
  return sends_ > 0 || processed_ ? SideEffect::maybe : SideEffect::none;
}

void HttpExchange::mask(HttpResponse& response) const {
  std::erase_if(response.headers, [](const auto& header) { return !is_header_for_plugin(header.first); });
  if (!call_.secret) return;
  const std::string_view value = call_.secret->value;
  mask_secret(response.body, value);
  for (auto& header : response.headers) mask_secret(header.second, value);
  for (StreamEvent& event : response.events) {
    mask_secret(event.event, value);
    mask_secret(event.data, value);
  }
}

HttpOutcome HttpExchange::take_outcome(TimePoint now, std::chrono::seconds unix_now) {
  const auto retry_after = parse_retry_after(response_.headers, unix_now);
  if (failure_) {
    failure_->side_effect = side_effect();
    failure_->retry_after = retry_after.value_or(Millis(0));
    // A stream that broke is worth what it brought, if that was anything.
    if (content_events_ == 0) return HttpOutcome{std::move(*failure_), retry_after};
    response_.broken_by = std::move(failure_);
  }
  response_.retry_after = retry_after;
  response_.elapsed = std::chrono::duration_cast<Millis>(now - started_);
  mask(response_);
  return HttpOutcome{std::move(response_), retry_after};
}

}  // namespace toolpost
