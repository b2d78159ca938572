#pragma once
// Stops asking an upstream that keeps failing, and tries again now and then. One per provider and model. Pure.
// Rate limiting neither opens nor closes it: who limits rates is alive (see ProviderGateCore).

#include <cstdint>
#include <deque>

#include "base/result.hpp"
#include "base/time.hpp"
#include "config/settings.hpp"

namespace toolpost {

enum class AttemptHealth { success, failure, neutral };

class BreakerCore {
 public:
  explicit BreakerCore(const BreakerSettings& settings) : settings_(settings) {}

  /// Error: breaker_open, with retry_after and the setting.
  Result<void> admit(TimePoint now);
  /// Each admitted attempt is settled once; one that vanished counts as a failure.
  void settle(AttemptHealth health, TimePoint now);

  bool open(TimePoint now) const { return state_ == State::open && now < open_until_; }
  std::uint32_t openings() const { return openings_total_; }

 private:
  enum class State { closed, open, probing };
  void trip(TimePoint now, const std::string& why);

  const BreakerSettings& settings_;
  State state_ = State::closed;
  std::uint32_t failures_in_a_row_ = 0;
  std::uint32_t openings_ = 0;        // since it was last healthy
  std::uint32_t openings_total_ = 0;
  std::deque<bool> window_;           // true: failed
  TimePoint open_until_{};
  std::string why_;
};

}  // namespace toolpost
