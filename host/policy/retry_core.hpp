#pragma once
// Whether and when a failed provider attempt is made again. Only here are retries decided. Pure.

#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "config/settings.hpp"
#include "policy/breaker_core.hpp"

namespace toolpost {

/// What a failure means for trying again.
enum class FailureClass {
  timeout,      // retry, costs most of the budget
  unavailable,  // retry
  throttled,    // retry after the hint; does not count against the upstream's health
  final,        // never: refused, spent, malformed request, or content was already delivered
};
enum class Delivered { nothing, content };
FailureClass classify(const Error& error, Delivered delivered);
AttemptHealth health_of(FailureClass failure);

/// The tokens that bound how much retries may add to an upstream's load. One per provider and model.
class RetryBudget {
 public:
  explicit RetryBudget(const RetrySettings& settings) : settings_(settings), tokens_(settings.budget_tokens_max) {}
  bool take(FailureClass failure);
  void refund();
  double tokens() const { return tokens_; }

 private:
  const RetrySettings& settings_;
  double tokens_;
};

struct RetryDecision {
  std::optional<TimePoint> at;  // when to try again; otherwise `error` is final
  Error error;                  // names the setting that ended it
};

struct FailedAttempt {
  Error error;
  Delivered delivered = Delivered::nothing;
  std::uint32_t attempts = 1;   // made so far, this one included
  std::uint32_t attempts_max = 1;
  std::string attempts_setting; // "retry.attempts_max"
  TimePoint deadline{};         // of the whole provider call
};

RetryDecision decide_retry(const RetrySettings& settings, RetryBudget& budget, const FailedAttempt& failed, TimePoint now,
                           RandomSource& random);

}  // namespace toolpost
