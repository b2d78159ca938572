#include "policy/breaker_core.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace toolpost {
namespace {

constexpr Duration kRounded = std::chrono::milliseconds(100);
constexpr std::uint32_t kOpeningsMax = 32;  // by then a rest is at its longest

std::uint32_t failures_for(const BreakerSettings& settings) {
  // The small term keeps 0.55 * 20 at 11 although its binary fraction lies above.
  const double failures = std::ceil(settings.window_ratio * settings.window - 1e-9);
  return static_cast<std::uint32_t>(
      std::clamp(failures, 1.0, static_cast<double>(std::max(1u, settings.window))));
}

}  // namespace

BreakerOutcome breaker_outcome(FailureClass kind) {
  switch (kind) {
    case FailureClass::retryable_timeout:
    case FailureClass::retryable_unavailable:
      return BreakerOutcome::failure;
    case FailureClass::throttled_rate:
    case FailureClass::throttled_concurrency:
    case FailureClass::money:
    case FailureClass::committed:
      return BreakerOutcome::alive;
    case FailureClass::refused:
    case FailureClass::cancelled:
      return BreakerOutcome::neutral;
  }
  return BreakerOutcome::neutral;
}

BreakerCore::BreakerCore(const BreakerSettings& settings, Duration probe_max)
    : settings_(settings), probe_max_(probe_max), window_failures_max_(failures_for(settings)) {
  window_.reserve(settings.window);
}

Result<BreakerPass> BreakerCore::admit(TimePoint now) {
  if (!settings_.enabled || state_ == BreakerState::closed) return BreakerPass{generation_, false};
  if (state_ == BreakerState::half_open && probe_out_) {
    if (now < probe_until_) return refusal(probe_until_ - now);
    open(Cause::probe_lost, now);
  }
  if (state_ == BreakerState::open) {
    if (now < open_until_) return refusal(open_until_ - now);
    state_ = BreakerState::half_open;
  }
  // Each probe is a generation of its own, so that a lost one coming back late cannot settle its successor.
  ++generation_;
  probe_out_ = true;
  probe_until_ = now + probe_max_;
  return BreakerPass{generation_, true};
}

Duration BreakerCore::rest_left(TimePoint now) const {
  if (!settings_.enabled) return Duration{0};
  TimePoint until = TimePoint::min();
  if (state_ == BreakerState::open) until = open_until_;
  if (state_ == BreakerState::half_open && probe_out_) until = probe_until_;
  return now < until ? until - now : Duration{0};
}

void BreakerCore::learn(Duration left, std::uint32_t openings, TimePoint now) {
  if (!settings_.enabled || state_ == BreakerState::half_open) return;  // the probe of this host decides
  if (openings == 0) {
    if (state_ == BreakerState::open) close(now);
    return;
  }
  const TimePoint until = now + std::min<Duration>(left, settings_.open_max);
  // What this host told itself comes back, rounded.
  if (left <= Duration{0} || (state_ == BreakerState::open && until <= open_until_ + kRounded)) return;
  openings_ = std::max(openings_, std::min(openings, kOpeningsMax));
  cause_ = Cause::elsewhere;
  state_ = BreakerState::open;
  open_until_ = until;
  ++generation_;
}

void BreakerCore::settle(const BreakerPass& pass, BreakerOutcome outcome, TimePoint now) {
  if (!settings_.enabled || pass.generation != generation_) return;
  if (pass.probe) {
    if (!probe_out_) return;
    probe_out_ = false;
    if (outcome == BreakerOutcome::failure) open(Cause::probe, now);
    if (outcome == BreakerOutcome::success || outcome == BreakerOutcome::alive) close(now);
    return;  // neutral: half-open stays, and the next caller is the probe
  }
  if (outcome == BreakerOutcome::success) {
    streak_ = 0;
    record(false);
    if (openings_ > 0 && now - closed_since_ >= open_time()) openings_ = 0;
  } else if (outcome == BreakerOutcome::failure) {
    ++streak_;
    record(true);
  } else {
    return;
  }
  if (streak_ >= settings_.failures_max) return open(Cause::streak, now);
  if (window_.size() >= settings_.window && window_failures_ >= window_failures_max_) open(Cause::ratio, now);
}

void BreakerCore::record(bool failed) {
  if (window_.size() < settings_.window) {
    window_.push_back(failed);
  } else {
    if (window_[window_next_]) --window_failures_;
    window_[window_next_] = failed;
    window_next_ = (window_next_ + 1) % window_.size();
  }
  if (failed) ++window_failures_;
}

void BreakerCore::open(Cause cause, TimePoint now) {
  if (openings_ < kOpeningsMax) ++openings_;
  cause_ = cause;
  state_ = BreakerState::open;
  probe_out_ = false;
  open_until_ = now + open_time();
  ++generation_;
}

void BreakerCore::close(TimePoint now) {
  state_ = BreakerState::closed;
  closed_since_ = now;
  streak_ = 0;
  window_.clear();
  window_next_ = 0;
  window_failures_ = 0;
  ++generation_;
}

Duration BreakerCore::open_time() const {
  Duration time = settings_.open_base;
  for (std::uint32_t n = 1; n < openings_ && time < settings_.open_max; ++n) time *= 2;
  return std::min<Duration>(time, settings_.open_max);
}

Error BreakerCore::refusal(Duration wait) const {
  std::string message = "breaker: ";
  switch (cause_) {
    case Cause::streak:
      message += "the provider failed breaker.failures_max = " + std::to_string(settings_.failures_max) +
                 " times in a row";
      break;
    case Cause::ratio: {
      const int percent = static_cast<int>(std::lround(settings_.window_ratio * 100));
      message += "of the last breaker.window = " + std::to_string(settings_.window) +
                 " attempts at least breaker.window_ratio = " + std::to_string(percent) + " % failed";
      break;
    }
    case Cause::probe:
      message += "the provider failed its probe";
      break;
    case Cause::probe_lost:
      message += "the provider's probe was lost";
      break;
    case Cause::elsewhere:
      message += "another host found that the provider fails";
      break;
  }
  Duration hint = wait;
  if (state_ == BreakerState::half_open) {
    message += "; one probe is running and decides";
    hint = std::min<Duration>(wait, settings_.open_base);  // the probe ends long before its backstop
  } else {
    message += "; not asked for another " + std::to_string(to_ms(wait)) +
               " ms (breaker.open_base_ms = " + std::to_string(settings_.open_base.count()) +
               ", breaker.open_max_ms = " + std::to_string(settings_.open_max.count()) + ", opening " +
               std::to_string(openings_) + ")";
  }
  return {Errc::breaker_open, std::move(message), std::chrono::ceil<Millis>(hint), SideEffect::none};
}

}  // namespace toolpost
