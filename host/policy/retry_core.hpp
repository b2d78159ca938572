#pragma once
// Whether a failed provider attempt is made again, and when. The only retry loop of the host rests on this.
// Not for deciding what kind of failure it was (failure_class.hpp) and not for asking the breaker.

#include <cstdint>
#include <optional>
#include <string>

#include "base/random.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "config/settings.hpp"
#include "policy/ceilings_core.hpp"
#include "policy/failure_class.hpp"
#include "policy/retry_budget.hpp"

namespace toolpost {

/// One failed attempt; borrows for the call of decide().
struct RetryQuestion {
  FailureClass kind;
  const Error& error;          // of the attempt; its retry_after is the upstream's wish
  std::uint32_t attempts;      // made so far, this one included; at least 1
  TimePoint accepted;          // elapsed times in messages count from here
  const BoundDeadline& bound;  // by when the last attempt must end: CeilingsCore::provider_call
  TimePoint now;
};

class RetryCore {
 public:
  /// `attempts_max_setting` names the provider's own setting if `settings.attempts_max` comes from there.
  /// Lifetime: borrows `random`.
  RetryCore(const RetrySettings& settings, RandomSource& random,
            std::string attempts_max_setting = "retry.attempts_max");

  /// The moment of the next attempt, paid for from `budget`; never before the upstream's Retry-After, never
  /// so late that less than retry.attempt_min_ms is left. Errors: the attempt's own code and text, with why
  /// it is not made again and, where known, retry_after.
  Result<TimePoint> decide(const RetryQuestion& question, RetryBudget& budget);

 private:
  Duration backoff_max(std::uint32_t attempts) const;

  const RetrySettings settings_;
  const std::string attempts_max_setting_;
  RandomSource& random_;
};

}  // namespace toolpost
