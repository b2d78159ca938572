#pragma once
// A PoolCore with a clock of its own and what it asked for; the tests of its parts share it.

#include <map>
#include <vector>

#include "catch.hpp"
#include "worker/pool_core.hpp"

namespace toolpost {

struct PoolWorld {
  WorkerSettings settings;
  ManualTime time;
  std::uint32_t total = 0;
  PoolCore core{"com.example.one", settings, std::chrono::seconds(5), total};
  std::map<WorkerId, WorkerClock> clocks;

  std::vector<PoolAction> actions() { return core.take_actions(); }
  template <typename T>
  std::vector<T> take() {
    std::vector<T> found;
    for (PoolAction& action : core.take_actions()) {
      if (auto* one = std::get_if<T>(&action)) found.push_back(*one);
    }
    return found;
  }
  WorkerId start_worker(OwnerId owner = 1, TurnId turn = 1) {
    core.submit(turn, owner, time.now());
    const auto spawned = take<SpawnWorker>();
    REQUIRE(spawned.size() == 1);
    core.on_ready(spawned[0].worker, time.now());
    return spawned[0].worker;
  }
  void tick() {
    core.tick(time.now(), [this](WorkerId worker) { return clocks[worker]; });
  }
};

}  // namespace toolpost
