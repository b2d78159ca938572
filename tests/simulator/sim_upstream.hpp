#pragma once
// The model servers and the disk of a simulated run: effects that answer, fail, stall or never end. Remembers
// which answers reached the host, since none of them may be asked for again.

#include <map>
#include <set>
#include <string>

#include "fault.hpp"
#include "runtime/call_runner.hpp"

namespace toolpost::sim {

class SimUpstream {
 public:
  SimUpstream(Scheduler& loop, RandomSource& random, FaultPlan& faults)
      : loop_(loop), random_(random), faults_(faults) {}

  std::unique_ptr<RunningEffect> http(const EffectOrder& order, EffectHost::Settle settle,
                                      std::function<void(std::size_t)> stream);
  std::unique_ptr<RunningEffect> file(EffectHost::Settle settle);
  /// Both one after the other, as the store's lane does.
  void commit(std::function<void(Result<void>)> done);
  void record(std::function<void(Result<void>)> done);

  /// An answer that had reached the host and was asked for again; empty when that never happened.
  const std::string& asked_again() const { return asked_again_; }
  std::uint64_t asked() const { return asked_; }

 private:
  struct Answer {
    Duration after{};
    bool never = false;
    Errc code = Errc::ok;
    std::string result;
    bool good = false;  // what was asked for: it may not be asked for again
  };
  Answer decide(const EffectOrder& order, const std::string& nonce);
  void in_order(Duration after, Scheduler::Task task);
  Duration up_to(Duration most) {
    return Duration(static_cast<Duration::rep>(random_.below(static_cast<std::uint64_t>(most.count()) + 1)));
  }

  Scheduler& loop_;
  RandomSource& random_;
  FaultPlan& faults_;
  std::set<std::string> answered_;  // by nonce and part
  std::string asked_again_;
  std::uint64_t asked_ = 0;
  TimePoint storm_until_{};
  TimePoint stored_until_{};
};

}  // namespace toolpost::sim
