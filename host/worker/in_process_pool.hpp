#pragma once
// Runs the turns of one plugin on a thread of the host itself: same ABI, same turns, no sandbox. For
// debugging and benchmarks (isolation.mode = "in-process"). A crash takes the host along, and a thread cannot
// be killed: after the first hang the plugin stays off until the host starts anew. One that hangs while it is
// opened keeps the loader's lock, so no other plugin can be opened after it either.

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/blocking_lane.hpp"
#include "base/scheduler.hpp"
#include "worker/turn_pool.hpp"

namespace toolpost {

/// Threads: the loop's.
class InProcessPool final : public TurnPool {
 public:
  struct Events {
    TurnDone turn_done;
    std::function<void(Result<void>)> loaded;
  };

  /// workers.ready_max_ms bounds opening the plugin. `loop` and `workers` outlive the pool.
  InProcessPool(Scheduler& loop, PoolPlugin plugin, const WorkerSettings& workers, Events events);
  ~InProcessPool() override;

  void submit(TurnId turn, OwnerId owner, std::string input) override;
  void withdraw(TurnId turn) override;
  void warm() override;
  std::size_t workers() const override { return 0; }

 private:
  class Stage;  // what the thread touches; outlives the pool when the thread hangs
  struct Waiting {
    TurnId turn;
    std::string input;
  };

  void next();
  void on_loaded(const Result<void>& loaded);
  void on_turn_done(TurnId turn, Result<TurnOutput> output);
  void give_up(Error error);

  Scheduler& loop_;
  const PoolPlugin plugin_;
  const WorkerSettings& settings_;
  Events events_;
  std::shared_ptr<Stage> stage_;  // shared with the lane's tasks
  std::unique_ptr<BlockingLane> lane_;
  std::deque<Waiting> waiting_;
  std::optional<TurnId> running_;
  TimerId guard_;  // ready_max while the plugin is opened, turn_max while a turn runs
  std::optional<Error> disabled_;
  bool opening_ = false;
  bool open_ = false;
};

}  // namespace toolpost
