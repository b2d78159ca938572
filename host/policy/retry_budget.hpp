#pragma once
// The bucket of retries of one provider and model: a total outage empties it, after which calls fail at their
// first attempt instead of multiplying the load. Not for deciding whether a failure deserves a retry
// (retry_core.hpp).

#include <cstdint>

#include "config/settings.hpp"
#include "policy/failure_class.hpp"

namespace toolpost {

class RetryBudget {
 public:
  /// Starts full.
  explicit RetryBudget(const RetrySettings& settings);

  /// Pays for one retry after a failure of this kind; false, and nothing taken, when the bucket holds too
  /// little.
  bool take(FailureClass kind);
  /// A success gives a little back, never above the size of the bucket.
  void succeeded();

  double tokens() const;
  double tokens_max() const;
  /// What one retry after a failure of this kind costs.
  double cost(FailureClass kind) const;

 private:
  std::int64_t cost_micro(FailureClass kind) const;

  // Millionths of a token: refunds of 0.2 add up exactly, which they do not in binary fractions.
  std::int64_t max_;
  std::int64_t retry_cost_;
  std::int64_t timeout_cost_;
  std::int64_t throttle_cost_;
  std::int64_t refund_;
  std::int64_t tokens_;
};

}  // namespace toolpost
