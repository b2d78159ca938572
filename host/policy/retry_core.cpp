#include "policy/retry_core.hpp"

#include <algorithm>

namespace toolpost {

FailureClass classify(const Error& error, Delivered delivered) {
  // Once content has reached the caller a second attempt would say it twice.
  if (delivered == Delivered::content) return FailureClass::final;
  switch (error.code) {
    case Errc::deadline: return FailureClass::timeout;
    case Errc::unavailable: case Errc::bad_upstream: return FailureClass::unavailable;
    case Errc::rate_limited: return FailureClass::throttled;
    default: return FailureClass::final;
  }
}

AttemptHealth health_of(FailureClass failure) {
  switch (failure) {
    case FailureClass::timeout: case FailureClass::unavailable: return AttemptHealth::failure;
    default: return AttemptHealth::neutral;
  }
}

bool RetryBudget::take(FailureClass failure) {
  const double cost = failure == FailureClass::timeout     ? settings_.budget_timeout_cost
                      : failure == FailureClass::throttled ? settings_.budget_throttle_cost
                                                           : settings_.budget_retry_cost;
  if (settings_.budget_tokens_max <= 0 || tokens_ < cost) return false;
  tokens_ -= cost;
  return true;
}

void RetryBudget::refund() { tokens_ = std::min(settings_.budget_tokens_max, tokens_ + settings_.budget_refund); }

RetryDecision decide_retry(const RetrySettings& settings, RetryBudget& budget, const FailedAttempt& failed, TimePoint now,
                           RandomSource& random) {
  const auto give_up = [&](const std::string& why) {
    RetryDecision decision;
    decision.error = failed.error;
    decision.error.message += " (attempt " + std::to_string(failed.attempts) + ", not tried again: " + why + ")";
    return decision;
  };
  const FailureClass failure = classify(failed.error, failed.delivered);
  if (failure == FailureClass::final) {
    return give_up(failed.delivered == Delivered::content ? "content had already arrived" : "another try would not help");
  }
  if (failed.attempts >= failed.attempts_max) {
    return give_up(failed.attempts_setting + " = " + std::to_string(failed.attempts_max));
  }
  // Full jitter: anywhere between nothing and the doubled step, so that callers spread out.
  const Millis step = std::min<Millis>(settings.backoff_max, settings.backoff_base * (1LL << std::min(failed.attempts - 1, 20u)));
  Duration pause = Millis(random.below(static_cast<std::uint64_t>(step.count()) + 1));
  if (failed.error.retry_after > Millis(0)) {
    // A floor, never shortened; a little more, so that everyone told the same does not come back at once.
    const auto hint = static_cast<std::uint64_t>(failed.error.retry_after.count());
    pause = std::max<Duration>(pause, Millis(hint + random.below(hint / 10 + 1)));
  }
  if (now + pause + settings.attempt_min > failed.deadline) {
    return give_up("less than retry.attempt_min_ms = " + std::to_string(settings.attempt_min.count()) +
                   " would be left after waiting " + std::to_string(to_ms(pause)) + " ms");
  }
  if (!budget.take(failure)) return give_up("the budget of retry.budget_tokens_max is spent");
  RetryDecision decision;
  decision.at = now + pause;
  return decision;
}

}  // namespace toolpost
