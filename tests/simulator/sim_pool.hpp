#pragma once
// Workers without processes: PoolCore decides as in production, plugin code runs through the production turn
// runner, and what a process can do wrong is done in virtual time.

#include <deque>
#include <map>
#include <unordered_map>

#include "base/scheduler.hpp"
#include "fault.hpp"
#include "sim_plugins.hpp"
#include "worker/turn_pool.hpp"
#include "worker/turn_runner.hpp"

namespace toolpost::sim {

class SimPool final : public TurnPool, private QuotaMember {
 public:
  SimPool(Scheduler& loop, RandomSource& random, FaultPlan& faults, SimPlugin& plugin,
          const WorkerSettings& workers, const TurnSettings& turns, WorkerQuota& quota, TurnDone turn_done);
  ~SimPool() override;

  void submit(TurnId turn, OwnerId owner, std::string input) override;
  void withdraw(TurnId turn) override;
  void warm() override;
  std::size_t workers() const override { return core_.workers(); }

  /// Each turn computes at least so long.
  void slow_down(Duration turn_min) { turn_min_ = turn_min; }
  /// The spawner is gone, and every process with it.
  void all_die();
  /// Empty, or what does not hold.
  std::string problem() const;

 private:
  struct Given {
    TurnId turn;
    std::uint64_t number;
  };
  struct Process {
    std::deque<Given> inbox;
    std::uint64_t started = 0;  // the page's half of the worker
    TimePoint started_at{};
    std::uint64_t revoked_from = UINT64_MAX;
    bool ready = false;
    bool busy = false;
    bool killed = false;
    bool mute = false;
  };

  bool starved() const override { return core_.starved(); }
  bool give_up_worker(GiveUp how) override;
  void try_again() override;
  void carry_out();
  void spawn(WorkerId id);
  void begin_next(WorkerId id);
  void run_turn_of(WorkerId id, Given given, bool skip);
  void reply(WorkerId id, std::uint64_t number, const std::string& bytes);
  void die(WorkerId id, const std::string& how);
  void die_after(WorkerId id, Duration delay, const std::string& how);
  void soon(WorkerId id, Duration delay, std::function<void(Process&)> task);
  void arm();
  Duration up_to(Duration most) {
    return Duration(static_cast<Duration::rep>(random_.below(static_cast<std::uint64_t>(most.count()) + 1)));
  }

  Scheduler& loop_;
  RandomSource& random_;
  FaultPlan& faults_;
  SimPlugin& plugin_;
  const WorkerSettings& settings_;
  const TurnRunnerLimits limits_;
  WorkerQuota& quota_;
  TurnDone turn_done_;
  PoolCore core_;
  std::map<WorkerId, Process> processes_;
  std::unordered_map<TurnId, std::string> inputs_;
  TimerId timer_;
  Duration turn_min_{};
  bool carrying_out_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // outlived by tasks in the loop
};

}  // namespace toolpost::sim
