// When a worker that did nothing wrong is replaced all the same.
#include "catch.hpp"
#include "pool_world.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {

/// One more turn, answered at once, with what the worker says of its memory; whether it was retired after it.
bool retired_after_turn(PoolWorld& world, WorkerId worker, std::uint64_t number,
                        std::uint64_t peak_bytes = 0) {
  world.core.submit(number, 1, world.time.now());
  world.actions();
  world.core.on_peak(worker, peak_bytes);
  REQUIRE(world.core.on_turn_done(worker, number, false, world.time.now()));
  const auto killed = world.take<KillWorker>();
  for (const KillWorker& kill : killed) CHECK(kill.reason == EndReason::retired);
  return !killed.empty();
}

}  // namespace

TEST_CASE("pool: an idle worker ends after workers.idle_max_ms", "[worker]") {
  PoolWorld world;
  const WorkerId worker = world.start_worker();
  world.actions();
  world.core.on_turn_done(worker, 1, false, world.time.now());
  world.time.advance(world.settings.idle_max);
  world.tick();
  const auto killed = world.take<KillWorker>();
  REQUIRE(killed.size() == 1);
  CHECK(killed[0].reason == EndReason::retired);
}

TEST_CASE("pool: a worker older than age_max is replaced after its turn, one at that age too", "[worker]") {
  PoolWorld world;
  world.settings.idle_max = world.settings.age_max * 2;
  const WorkerId worker = world.start_worker();
  world.actions();
  world.core.on_turn_done(worker, 1, false, world.time.now());
  world.time.advance(world.settings.age_max - 1ms);
  CHECK_FALSE(retired_after_turn(world, worker, 2));
  world.time.advance(1ms);
  CHECK(retired_after_turn(world, worker, 3));
}

TEST_CASE("pool: with reuse = call a worker runs one turn and is replaced", "[worker]") {
  PoolWorld world;
  world.settings.reuse = "call";
  const WorkerId worker = world.start_worker();
  world.actions();
  world.core.on_turn_done(worker, 1, false, world.time.now());
  const auto killed = world.take<KillWorker>();
  REQUIRE(killed.size() == 1);
  CHECK(killed[0].worker == worker);
}

TEST_CASE("pool: a worker is replaced after turns_max turns", "[worker]") {
  PoolWorld world;
  world.settings.turns_max = 3;
  const WorkerId worker = world.start_worker();
  world.actions();
  world.core.on_turn_done(worker, 1, false, world.time.now());
  CHECK_FALSE(retired_after_turn(world, worker, 2));
  CHECK(retired_after_turn(world, worker, 3));
}

TEST_CASE("pool: a worker that grew by more than memory_growth_bytes_max is replaced after its turn",
          "[worker]") {
  PoolWorld world;
  world.settings.memory_growth_bytes_max = 1000;
  const WorkerId worker = world.start_worker();
  world.actions();
  world.core.on_peak(worker, 50'000);  // what it began with is no growth
  world.core.on_turn_done(worker, 1, false, world.time.now());
  CHECK(world.take<KillWorker>().empty());
  CHECK_FALSE(retired_after_turn(world, worker, 2, 51'000));
  CHECK_FALSE(retired_after_turn(world, worker, 3, 40'000));  // a peak that falls is a lie that costs nothing
  CHECK(retired_after_turn(world, worker, 4, 51'001));
}

TEST_CASE("pool: a grown worker ends only after the turns that it has", "[worker]") {
  PoolWorld world;
  world.settings.workers_max = 1;
  world.settings.memory_growth_bytes_max = 1000;
  const WorkerId worker = world.start_worker();
  world.core.submit(2, 1, world.time.now());
  world.actions();
  world.core.on_peak(worker, 1);
  world.core.on_peak(worker, 5000);
  CHECK(world.core.on_turn_done(worker, 1, false, world.time.now()));
  CHECK(world.take<KillWorker>().empty());
  CHECK(world.core.on_turn_done(worker, 2, false, world.time.now()));
  CHECK(world.take<KillWorker>().size() == 1);
}
