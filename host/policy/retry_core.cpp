#include "policy/retry_core.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace toolpost {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

Error give_up(const RetryQuestion& asked, const std::string& why) {
  Error error = asked.error;
  error.message += (asked.attempts > 1 ? "; not retried again: " : "; not retried: ") + why + " (" +
                   std::to_string(asked.attempts) + (asked.attempts == 1 ? " attempt, " : " attempts, ") +
                   std::to_string(to_ms(asked.now - asked.accepted)) + " ms)";
  return error;
}

const char* why_never(FailureClass kind) {
  switch (kind) {
    case FailureClass::money:
      return "what is spent does not come back by asking again; the operator must renew it or raise the "
             "limit";
    case FailureClass::refused:
      return "the same request would fail again";
    case FailureClass::committed:
      return "content was already delivered and would be repeated";
    case FailureClass::cancelled:
      return "the call was cancelled";
    default:
      return "its kind is not retried";
  }
}

}  // namespace

RetryCore::RetryCore(const RetrySettings& settings, RandomSource& random, std::string attempts_max_setting)
    : settings_(settings), attempts_max_setting_(std::move(attempts_max_setting)), random_(random) {}

Duration RetryCore::backoff_max(std::uint32_t attempts) const {
  // Doubled step by step, as a shift by attempts - 1 could overflow.
  Duration span = settings_.backoff_base;
  for (std::uint32_t n = 1; n < attempts && span < settings_.backoff_max; ++n) span *= 2;
  return std::min<Duration>(span, settings_.backoff_max);
}

Result<TimePoint> RetryCore::decide(const RetryQuestion& asked, RetryBudget& budget) {
  if (!is_retryable(asked.kind)) return give_up(asked, why_never(asked.kind));
  if (asked.attempts >= settings_.attempts_max)
    return give_up(asked, attempts_max_setting_ + " = " + std::to_string(settings_.attempts_max));

  const TimePoint latest = asked.bound.deadline.at() - settings_.attempt_min;
  const std::string left =
      std::to_string(std::max(0LL, to_ms(asked.bound.deadline.remaining(asked.now)))) + " ms are left of " +
      std::string(asked.bound.setting) + " = " + std::to_string(asked.bound.value.count()) +
      " and an attempt needs retry.attempt_min_ms = " + std::to_string(settings_.attempt_min.count());
  if (latest < asked.now || asked.bound.deadline.expired(asked.now)) return give_up(asked, left);
  const Duration room = latest - asked.now;
  const Duration floor = std::max(asked.error.retry_after, Millis{0});
  if (floor > room || asked.now + floor >= asked.bound.deadline.at())
    return give_up(asked, "the upstream asks to wait " + std::to_string(to_ms(floor)) + " ms, " + left);

  if (!budget.take(asked.kind))
    return give_up(asked, "the retry budget of this provider and model holds " + number(budget.tokens()) +
                              " of retry.budget_tokens_max = " + number(budget.tokens_max()) +
                              " and a retry costs " + number(budget.cost(asked.kind)) +
                              "; it refills with successes");

  // Full jitter. Drawn within the room, so that a long backoff near the deadline becomes a short one, not a
  // failure.
  const Duration span = std::min(backoff_max(asked.attempts), room);
  const Duration backoff{
      static_cast<Duration::rep>(random_.below(static_cast<std::uint64_t>(span.count()) + 1))};
  const Duration extra{
      static_cast<Duration::rep>(random_.below(static_cast<std::uint64_t>((floor / 10).count()) + 1))};
  TimePoint at = asked.now + std::clamp(floor + (floor > Duration{0} ? extra : Duration{0}), floor, room);
  at = std::max(at, asked.now + backoff);
  // With attempt_min = 0 the room ends at the deadline itself, which is already too late.
  if (at >= asked.bound.deadline.at()) at = asked.bound.deadline.at() - Duration{1};
  return at;
}

}  // namespace toolpost
