#include "policy/breaker_core.hpp"

#include <algorithm>

namespace toolpost {

Result<void> BreakerCore::admit(TimePoint now) {
  if (!settings_.enabled || state_ == State::closed) return {};
  if (state_ == State::open && now >= open_until_) {
    state_ = State::probing;
    return {};
  }
  const Duration left = state_ == State::open ? open_until_ - now : Duration(Millis(1000));
  const Millis retry_after(std::max<long long>(1, to_ms(left)));
  return Error{Errc::breaker_open,
               "not asked, because it keeps failing (" + why_ + "); the next try is in " +
                   std::to_string(retry_after.count()) + " ms",
               retry_after};
}

void BreakerCore::trip(TimePoint now, const std::string& why) {
  const Duration pause = std::min<Duration>(settings_.open_max, settings_.open_base * (1LL << std::min(openings_, 20u)));
  state_ = State::open;
  open_until_ = now + pause;
  why_ = why;
  ++openings_;
  ++openings_total_;
  failures_in_a_row_ = 0;
  window_.clear();
}

void BreakerCore::settle(AttemptHealth health, TimePoint now) {
  if (!settings_.enabled) return;
  if (state_ == State::probing) {
    if (health == AttemptHealth::failure) return trip(now, "the last probe failed");
    // A probe that was told to slow down has found someone at home.
    state_ = State::closed;
    if (health == AttemptHealth::success) openings_ = 0;
    return;
  }
  if (health == AttemptHealth::neutral || state_ == State::open) return;
  const bool failed = health == AttemptHealth::failure;
  failures_in_a_row_ = failed ? failures_in_a_row_ + 1 : 0;
  window_.push_back(failed);
  if (window_.size() > settings_.window) window_.pop_front();
  if (!failed) {
    openings_ = 0;
    return;
  }
  if (failures_in_a_row_ >= settings_.failures_max) {
    return trip(now, "breaker.failures_max = " + std::to_string(settings_.failures_max) + " failures in a row");
  }
  const auto failures = std::count(window_.begin(), window_.end(), true);
  if (window_.size() == settings_.window &&
      static_cast<double>(failures) >= settings_.window_ratio * static_cast<double>(settings_.window)) {
    trip(now, std::to_string(failures) + " of the last breaker.window = " + std::to_string(settings_.window) + " failed");
  }
}

}  // namespace toolpost
