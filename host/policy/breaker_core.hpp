#pragma once
// Whether a provider and model is asked at all: after many failures it is left alone for a while, then one
// probe decides. Health only; rate limits close the gate in provider_gate_core.hpp instead.

#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "config/settings.hpp"
#include "policy/failure_class.hpp"

namespace toolpost {

enum class BreakerState : unsigned char { closed, open, half_open };

/// What an attempt says about the health of the provider.
enum class BreakerOutcome : unsigned char {
  success,
  failure,  // timeout or unavailable
  alive,    // throttled, out of money, or broken off after content: it answers, which settles a probe and no
            // more
  neutral,  // refused or cancelled: says nothing
};
BreakerOutcome breaker_outcome(FailureClass kind);

/// The right to make one attempt; given back once, by settle() or abandon().
struct BreakerPass {
  std::uint64_t generation = 0;  // results of attempts that began in an earlier state are ignored
  bool probe = false;
};

class BreakerCore {
 public:
  /// A probe that is neither settled nor abandoned for `probe_max` counts as failed; longer than any attempt.
  explicit BreakerCore(const BreakerSettings& settings, Duration probe_max = std::chrono::minutes(15));

  /// Errors: breaker_open with retry_after, naming what opened it and for how long.
  Result<BreakerPass> admit(TimePoint now);
  void settle(const BreakerPass& pass, BreakerOutcome outcome, TimePoint now);
  /// What another host found out: it rests for so long, after so many openings; 0 openings: it is healthy
  /// again.
  void learn(Duration left, std::uint32_t openings, TimePoint now);
  /// The attempt ended without an outcome: counted as a failure.
  void abandon(const BreakerPass& pass, TimePoint now) { settle(pass, BreakerOutcome::failure, now); }

  BreakerState state() const { return state_; }
  /// How long it is left alone yet; 0 when somebody may ask. For a running probe, as long as that may take.
  Duration rest_left(TimePoint now) const;
  /// Whether admit() would refuse: it is open, or its one probe is under way.
  bool rests(TimePoint now) const { return rest_left(now) > Duration{0}; }
  bool probing() const { return probe_out_; }
  /// How often it opened since it was last healthy for long.
  std::uint32_t openings() const { return openings_; }

 private:
  enum class Cause : unsigned char { streak, ratio, probe, probe_lost, elsewhere };

  void open(Cause cause, TimePoint now);
  void close(TimePoint now);
  void record(bool failed);
  Duration open_time() const;
  Error refusal(Duration wait) const;

  const BreakerSettings settings_;
  const Duration probe_max_;
  const std::uint32_t window_failures_max_;  // settings_.window_ratio of the window, rounded up

  BreakerState state_ = BreakerState::closed;
  std::uint64_t generation_ = 1;
  std::uint32_t streak_ = 0;
  std::vector<bool> window_;  // true: failed; a ring once it is full
  std::size_t window_next_ = 0;
  std::uint32_t window_failures_ = 0;
  std::uint32_t openings_ = 0;
  Cause cause_ = Cause::streak;
  TimePoint open_until_{};
  TimePoint closed_since_{};
  bool probe_out_ = false;
  TimePoint probe_until_{};
};

}  // namespace toolpost
