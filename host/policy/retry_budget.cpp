#include "policy/retry_budget.hpp"

#include <algorithm>
#include <cmath>

namespace toolpost {
namespace {

constexpr double micro_per_token = 1'000'000;

std::int64_t micro(double tokens) {
  return std::llround(std::clamp(tokens, 0.0, 1'000'000.0) * micro_per_token);
}

}  // namespace

RetryBudget::RetryBudget(const RetrySettings& settings)
    : max_(micro(settings.budget_tokens_max)),
      retry_cost_(micro(settings.budget_retry_cost)),
      timeout_cost_(micro(settings.budget_timeout_cost)),
      throttle_cost_(micro(settings.budget_throttle_cost)),
      refund_(micro(settings.budget_refund)),
      tokens_(max_) {}

std::int64_t RetryBudget::cost_micro(FailureClass kind) const {
  switch (kind) {
    case FailureClass::retryable_timeout:
      return timeout_cost_;
    case FailureClass::throttled_rate:
    case FailureClass::throttled_concurrency:
      return throttle_cost_;
    default:
      return retry_cost_;
  }
}

bool RetryBudget::take(FailureClass kind) {
  const std::int64_t price = cost_micro(kind);
  // A bucket of size 0 turns retry off, also where a retry costs nothing.
  if (max_ == 0 || price > tokens_) return false;
  tokens_ -= price;
  return true;
}

void RetryBudget::succeeded() {
  tokens_ = std::min(max_, tokens_ + refund_);
}

double RetryBudget::tokens() const {
  return static_cast<double>(tokens_) / micro_per_token;
}
double RetryBudget::tokens_max() const {
  return static_cast<double>(max_) / micro_per_token;
}
double RetryBudget::cost(FailureClass kind) const {
  return static_cast<double>(cost_micro(kind)) / micro_per_token;
}

}  // namespace toolpost
