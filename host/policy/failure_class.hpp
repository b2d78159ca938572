#pragma once
// What kind of failure one provider attempt had, from our error, the HTTP status and the upstream's own
// words. Retry, breaker, rate gate and budget all act on this one answer. Not for reading JSON: the plugin
// does that.

#include <string_view>

#include "base/error.hpp"

namespace toolpost {

enum class FailureClass : unsigned char {
  retryable_timeout,      // no answer in time; a retry may help and is dear
  retryable_unavailable,  // refused, reset, overloaded or 5xx; a retry may help
  throttled_rate,         // too many in a time; wait
  throttled_concurrency,  // too many at once; lower the concurrency
  money,                  // quota, balance or plan is spent; only the operator can help
  refused,                // the request itself is not wanted; the same again is useless
  committed,              // content was delivered, so that a retry would repeat it
  cancelled,              // nobody waits for it any more
};

/// "retryable_timeout" and so on, for logs and metrics.
std::string_view name(FailureClass kind);

constexpr bool is_retryable(FailureClass kind) {
  return kind <= FailureClass::throttled_concurrency;
}
constexpr bool is_throttled(FailureClass kind) {
  return kind == FailureClass::throttled_rate || kind == FailureClass::throttled_concurrency;
}

enum class Delivered : unsigned char { nothing, content };

/// Borrows its texts for the call of classify().
struct FailedAttempt {
  Errc code = Errc::internal;  // of our own Error
  int http_status = 0;         // 0: none arrived. 200 with an error inside the stream is possible
  std::string_view
      upstream_code;  // error code, type or status of the body, e.g. "insufficient_quota", "1302"
  std::string_view upstream_type;  // a second such word, where the body has two
  std::string_view upstream_text;  // the message; only the first 4096 bytes are read
  Delivered delivered = Delivered::nothing;
};

FailureClass classify(const FailedAttempt& attempt);

}  // namespace toolpost
