#pragma once
// The model servers and files of a simulated world: effects that answer, fail, stall or never end.

#include <string>

#include "fault.hpp"
#include "runtime/call_runner.hpp"

namespace toolpost::sim {

class SimUpstream {
 public:
  SimUpstream(Scheduler& loop, RandomSource& random, FaultPlan& faults)
      : loop_(loop), random_(random), faults_(faults) {}

  /// `good` comes before `settle` when the answer is what was asked for.
  std::unique_ptr<RunningEffect> http(const EffectOrder& order, EffectHost::Settle settle,
                                      std::function<void()> good);
  std::unique_ptr<RunningEffect> file(EffectHost::Settle settle);
  /// What the store's lane says before it is asked to keep anything.
  std::unique_ptr<RunningEffect> check(std::function<void()> done);

  std::uint64_t asked() const { return asked_; }

 private:
  struct Answer {
    Duration after{};
    bool never = false;
    Errc code = Errc::ok;
    std::string result;
    bool good = false;
  };
  Answer decide(const EffectOrder& order, const std::string& nonce);
  Duration up_to(Duration most) {
    return Duration(static_cast<Duration::rep>(random_.below(static_cast<std::uint64_t>(most.count()) + 1)));
  }

  Scheduler& loop_;
  RandomSource& random_;
  FaultPlan& faults_;
  std::uint64_t asked_ = 0;
  TimePoint storm_until_{};
};

}  // namespace toolpost::sim
