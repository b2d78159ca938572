#include "worker/spawner_core.hpp"

#include "catch.hpp"

using namespace toolpost;
using namespace std::chrono_literals;
using Action = SpawnerCore::Action;

namespace {

struct World {
  WorkerSettings settings;
  ManualTime time;
  SpawnerCore core{settings};
  bool dead = false;

  Action tick() {
    return core.tick(time.now(), [this](std::uint64_t) { return dead; });
  }
  Duration pause() { return *core.next_tick() - time.now(); }
};

}  // namespace

TEST_CASE("spawner: a request unanswered for spawn_max replaces the process, one moment earlier does not",
          "[worker][spawner]") {
  World world;
  world.settings.spawn_max = 500ms;
  CHECK_FALSE(world.core.next_tick());
  world.core.on_asked(1, world.time.now());
  CHECK(world.pause() == 500ms);
  world.time.advance(499ms);
  CHECK(world.tick() == Action::nothing);
  world.time.advance(1ms);
  CHECK(world.tick() == Action::replace);
}

TEST_CASE("spawner: an answered request owes nothing", "[worker][spawner]") {
  World world;
  world.core.on_asked(1, world.time.now());
  world.core.on_answered(1);
  CHECK_FALSE(world.core.next_tick());
  world.time.advance(1h);
  CHECK(world.tick() == Action::nothing);
}

TEST_CASE("spawner: a worker that is slow to die is not the spawner's silence", "[worker][spawner]") {
  World world;
  world.settings.spawn_max = 500ms;
  world.core.on_killed(1, world.time.now());
  for (int round = 0; round < 10; ++round) {
    world.time.advance(500ms);
    CHECK(world.tick() == Action::nothing);
  }
  world.dead = true;  // perhaps just now: the news has its own time
  world.time.advance(500ms);
  CHECK(world.tick() == Action::nothing);
  world.time.advance(499ms);
  CHECK(world.tick() == Action::nothing);
  world.time.advance(1ms);
  CHECK(world.tick() == Action::replace);
  world.core.on_died(1);
  CHECK(world.tick() == Action::nothing);
}

TEST_CASE("spawner: killing a worker that is still being started does not prolong its answer",
          "[worker][spawner]") {
  World world;
  world.settings.spawn_max = 500ms;
  world.core.on_asked(1, world.time.now());
  world.time.advance(400ms);
  world.core.on_killed(1, world.time.now());
  CHECK(world.pause() == 100ms);
}

TEST_CASE(
    "spawner: the first loss is made good at once, repeated ones after a doubling pause up to the bound",
    "[worker][spawner]") {
  World world;
  world.settings.spawner_backoff_max = 700ms;
  std::vector<Duration> pauses;
  for (int loss = 0; loss < 6; ++loss) {
    world.core.on_asked(1, world.time.now());
    world.core.on_lost(world.time.now());
    CHECK_FALSE(world.core.up());
    pauses.push_back(world.pause());
    if (world.pause() > 0ms) CHECK(world.tick() == Action::nothing);
    world.time.advance(world.pause());
    CHECK(world.tick() == Action::start);
    world.core.on_started();
    CHECK(world.core.up());
    CHECK_FALSE(world.core.next_tick());  // what the old one owed is forgotten
  }
  CHECK(pauses == std::vector<Duration>{0ms, 100ms, 200ms, 400ms, 700ms, 700ms});
  world.time.advance(61s);
  world.core.on_lost(world.time.now());
  CHECK(world.pause() == 0ms);
}

TEST_CASE("spawner: a backoff_max of 0 never waits, and a thousand losses overflow nothing",
          "[worker][spawner]") {
  World world;
  world.settings.spawner_backoff_max = 0ms;
  for (int loss = 0; loss < 1000; ++loss) {
    world.core.on_lost(world.time.now());
    CHECK(world.pause() == 0ms);
    world.core.on_started();
  }
  world.settings.spawner_backoff_max = 60s;
  world.core.on_lost(world.time.now());
  CHECK(world.pause() == 60s);
}
