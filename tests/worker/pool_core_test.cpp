#include "worker/pool_core.hpp"

#include <algorithm>

#include "catch.hpp"
#include "pool_world.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

TEST_CASE("pool: the first turn starts a worker and goes to it once it is ready", "[worker]") {
  PoolWorld world;
  const WorkerId worker = world.start_worker();
  const auto sent = world.take<SendTurn>();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].turn == 1);
  CHECK(sent[0].number == 1);
  CHECK(world.core.on_turn_done(worker, 1, false, world.time.now()));
}

TEST_CASE("pool: short turns of one owner are sent ahead, up to the bound, then wait", "[worker]") {
  PoolWorld world;
  world.settings.queue_ahead_max = 3;
  world.settings.workers_max = 1;
  world.start_worker();
  for (TurnId turn = 2; turn <= 5; ++turn) world.core.submit(turn, 1, world.time.now());
  CHECK(world.take<SendTurn>().size() == 3);
  CHECK(world.core.waiting() == 2);
}

TEST_CASE("pool: a worker that served one owner never serves another", "[worker]") {
  PoolWorld world;
  const WorkerId first = world.start_worker(1, 1);
  world.actions();
  world.core.on_turn_done(first, 1, false, world.time.now());
  world.core.submit(2, 2, world.time.now());
  const auto spawned = world.take<SpawnWorker>();
  REQUIRE(spawned.size() == 1);
  CHECK(spawned[0].worker != first);
}

TEST_CASE("pool: at the limit another owner's idle worker is ended to make room", "[worker]") {
  PoolWorld world;
  world.settings.workers_max = 1;
  const WorkerId first = world.start_worker(1, 1);
  world.actions();
  world.core.on_turn_done(first, 1, false, world.time.now());
  world.core.submit(2, 2, world.time.now());
  bool killed = false;
  bool spawned = false;
  for (const PoolAction& action : world.actions()) {
    if (const auto* kill = std::get_if<KillWorker>(&action)) killed = kill->reason == EndReason::other_owner;
    spawned = spawned || std::holds_alternative<SpawnWorker>(action);
  }
  CHECK(killed);
  CHECK(spawned);
}

TEST_CASE("pool: a turn that spins fails at turn_max, not before, and the turns behind it go elsewhere",
          "[worker]") {
  PoolWorld world;
  const WorkerId slow = world.start_worker(1, 1);
  world.core.submit(2, 1, world.time.now());
  world.actions();
  world.clocks[slow] = {1, world.time.now()};
  world.time.advance(100ms);
  world.tick();
  std::vector<PoolAction> actions = world.actions();
  const auto revoked = std::find_if(actions.begin(), actions.end(), [](const auto& action) {
    return std::holds_alternative<RevokeTurns>(action);
  });
  REQUIRE(revoked != actions.end());
  CHECK(std::get<RevokeTurns>(*revoked).from == 2);
  CHECK(std::any_of(actions.begin(), actions.end(),
                    [](const auto& action) { return std::holds_alternative<SpawnWorker>(action); }));
  world.time.advance(4899ms);
  world.tick();
  CHECK(world.take<FailTurn>().empty());
  world.time.advance(1ms);
  world.tick();
  const auto failed = world.take<FailTurn>();
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].turn == 1);
  CHECK(failed[0].error.code == Errc::hung);
  CHECK(failed[0].error.message.find("turns.turn_max_ms = 5000") != std::string::npos);
}

TEST_CASE("pool: a crash fails the turn that ran and sends the others again", "[worker]") {
  PoolWorld world;
  const WorkerId worker = world.start_worker(1, 1);
  world.core.submit(2, 1, world.time.now());
  world.core.submit(3, 1, world.time.now());
  world.actions();
  world.core.on_died(worker, 2, "signal 11", world.time.now());
  std::vector<PoolAction> actions = world.actions();
  int failed = 0;
  for (const PoolAction& action : actions) {
    if (const auto* fail = std::get_if<FailTurn>(&action)) {
      ++failed;
      CHECK(fail->turn == 2);
      CHECK(fail->error.code == Errc::crashed);
    }
  }
  CHECK(failed == 1);
  CHECK(world.core.waiting() == 2);  // 1, whose answer was not flushed, and 3, which never began
}

TEST_CASE("pool: a turn whose worker broke the protocol runs once more, alone on a new worker", "[worker]") {
  PoolWorld world;
  const WorkerId first = world.start_worker();
  world.core.submit(2, 1, world.time.now());
  world.actions();
  CHECK_FALSE(world.core.on_turn_done(first, 7, false, world.time.now()));
  std::vector<PoolAction> actions = world.actions();
  CHECK(std::none_of(actions.begin(), actions.end(),
                     [](const auto& action) { return std::holds_alternative<FailTurn>(action); }));
  world.core.on_died(first, 1, "killed", world.time.now());
  const WorkerId second = first + 1;
  world.core.on_ready(second, world.time.now());
  const auto sent = world.take<SendTurn>();
  REQUIRE(sent.size() == 1);  // turn 2 is not sent behind it
  CHECK(sent[0].turn == 1);
  CHECK_FALSE(world.core.on_turn_done(second, 7, false, world.time.now()));
  const auto failed = world.take<FailTurn>();
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].turn == 1);
  CHECK(failed[0].error.code == Errc::protocol);
}

TEST_CASE("pool: an answer that comes twice fails no turn behind it", "[worker]") {
  PoolWorld world;
  const WorkerId first = world.start_worker();
  world.core.submit(2, 1, world.time.now());
  world.actions();
  CHECK(world.core.on_turn_done(first, 1, false, world.time.now()));
  CHECK_FALSE(world.core.on_turn_done(first, 1, false, world.time.now()));
  CHECK(world.take<FailTurn>().empty());
  const WorkerId second = first + 1;
  world.core.on_ready(second, world.time.now());
  const auto sent = world.take<SendTurn>();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].turn == 2);
  CHECK(world.core.on_turn_done(second, sent[0].number, false, world.time.now()));
}

TEST_CASE("pool: a worker that answers and computes on holds up no turn behind it", "[worker]") {
  PoolWorld world;
  const WorkerId busy = world.start_worker();
  world.core.submit(2, 1, world.time.now());
  world.actions();
  world.clocks[busy] = {1, world.time.now()};
  CHECK(world.core.on_turn_done(busy, 1, false, world.time.now()));
  world.time.advance(world.settings.slow_turn);
  world.tick();
  const auto spawned = world.take<SpawnWorker>();
  REQUIRE(spawned.size() == 1);
  world.core.on_ready(spawned[0].worker, world.time.now());
  CHECK(world.take<SendTurn>().at(0).turn == 2);
  world.core.on_turn_done(spawned[0].worker, 1, false, world.time.now());
  world.time.advance(5s);  // turn_max
  world.tick();
  const auto killed = world.take<KillWorker>();
  REQUIRE(killed.size() == 1);
  CHECK(killed[0].worker == busy);
}

TEST_CASE("pool: a worker that denies having begun its turn is hung all the same", "[worker]") {
  PoolWorld world;
  const WorkerId first = world.start_worker();
  world.actions();
  world.time.advance(world.settings.slow_turn);
  world.tick();
  const auto spawned = world.take<SpawnWorker>();
  REQUIRE(spawned.size() == 1);
  CHECK(spawned[0].worker != first);
  world.core.on_ready(spawned[0].worker, world.time.now());
  CHECK(world.take<SendTurn>().size() == 1);
  for (int round = 0; round < 2; ++round) {
    world.time.advance(round == 0 ? world.settings.slow_turn : Millis(5000) - world.settings.slow_turn);
    world.tick();
  }
  const auto failed = world.take<FailTurn>();
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].error.code == Errc::hung);
}

TEST_CASE("pool: a worker that is not ready in time is killed and its turns are told why", "[worker]") {
  PoolWorld world;
  world.core.submit(1, 1, world.time.now());
  world.actions();
  world.time.advance(world.settings.ready_max - 1ms);
  world.tick();
  CHECK(world.actions().empty());
  world.time.advance(1ms);
  world.tick();
  const auto actions = world.actions();
  REQUIRE(actions.size() == 2);
  CHECK(std::get<KillWorker>(actions[0]).reason == EndReason::not_ready);
  CHECK(std::get<FailTurn>(actions[1]).error.message.find("workers.ready_max_ms") != std::string::npos);
}

TEST_CASE("pool: five deaths in a minute without a turn hold back the next worker for a second", "[worker]") {
  PoolWorld world;
  world.core.submit(1, 1, world.time.now());
  for (int death = 1; death <= 5; ++death) {
    const auto spawned = world.take<SpawnWorker>();
    REQUIRE(spawned.size() == 1);
    world.core.on_ready(spawned[0].worker, world.time.now());
    world.core.on_died(spawned[0].worker, 0, "signal 11", world.time.now());
  }
  CHECK(world.take<SpawnWorker>().empty());
  world.time.advance(1s);
  world.tick();
  CHECK(world.take<SpawnWorker>().size() == 1);
}

TEST_CASE("pool: turns that crash, however many, hold up nobody beside them", "[worker]") {
  PoolWorld world;
  for (TurnId turn = 1; turn <= 100; ++turn) {
    const WorkerId worker = world.start_worker(1, turn);  // requires that one is started at once
    world.actions();
    world.core.on_died(worker, 1, "signal 11", world.time.now());
    CHECK(world.take<FailTurn>().size() == 1);
  }
}

TEST_CASE("pool: a worker that ends by its own fault and fails no turn is reported all the same",
          "[worker]") {
  PoolWorld world;
  const WorkerId idle = world.start_worker();
  world.core.on_turn_done(idle, 1, false, world.time.now());
  world.actions();
  world.core.on_died(idle, 1, "signal 11", world.time.now());
  const auto died = world.take<ReportDeath>();
  REQUIRE(died.size() == 1);
  CHECK(died[0].error.code == Errc::crashed);

  // Its turn runs again on another worker: nobody knows who broke the protocol.
  const WorkerId liar = world.start_worker(1, 2);
  world.actions();
  world.core.on_protocol_error(liar, "nonsense", world.time.now());
  const auto lied = world.take<ReportDeath>();
  REQUIRE(lied.size() == 1);
  CHECK(lied[0].error.code == Errc::protocol);
}

TEST_CASE("pool: a death that fails a turn, or that the host wanted, is not reported besides", "[worker]") {
  PoolWorld world;
  const WorkerId running = world.start_worker();
  world.actions();
  world.core.on_died(running, 1, "signal 11", world.time.now());
  CHECK(world.take<ReportDeath>().empty());
  const WorkerId retired = world.start_worker(1, 2);
  world.core.on_turn_done(retired, 1, false, world.time.now());
  world.core.shut_down();
  world.actions();
  CHECK(world.core.is_dying(retired));
  world.core.on_died(retired, 1, "signal 9", world.time.now());
  CHECK(world.take<ReportDeath>().empty());
}

TEST_CASE("pool: who waits for a plugin that dies while it is loaded is told that no turn began",
          "[worker]") {
  PoolWorld world;
  for (TurnId turn = 1; turn <= 3; ++turn) world.core.submit(turn, 1, world.time.now());
  const WorkerId loading = world.take<SpawnWorker>().at(0).worker;
  world.core.on_died(loading, 0, "signal 11", world.time.now());
  const auto failed = world.take<FailTurn>();
  REQUIRE(failed.size() == 3);
  for (const FailTurn& one : failed) CHECK(one.error.loading);
}

TEST_CASE("pool: random events lose no turn and never pass the limits", "[worker][property]") {
  std::uint64_t seed = 1;
  const auto random = [&seed](std::uint64_t bound) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (seed >> 33) % bound;
  };
  for (int round = 0; round < 50; ++round) {
    PoolWorld world;
    std::map<TurnId, int> outcomes;
    std::map<WorkerId, std::deque<SendTurn>> inside;
    std::map<WorkerId, bool> alive;
    TurnId last = 0;
    const auto absorb = [&] {
      for (PoolAction& action : world.actions()) {
        if (auto* spawn = std::get_if<SpawnWorker>(&action)) alive[spawn->worker] = false;
        if (auto* send = std::get_if<SendTurn>(&action)) inside[send->worker].push_back(*send);
        if (auto* fail = std::get_if<FailTurn>(&action)) ++outcomes[fail->turn];
        if (auto* revoke = std::get_if<RevokeTurns>(&action)) {
          std::erase_if(inside[revoke->worker],
                        [&](const SendTurn& one) { return one.number >= revoke->from; });
        }
        if (auto* kill = std::get_if<KillWorker>(&action)) {
          inside.erase(kill->worker);
          alive.erase(kill->worker);
          world.core.on_died(kill->worker, 0, "killed", world.time.now());
        }
      }
    };
    for (int step = 0; step < 400; ++step) {
      switch (random(6)) {
        case 0:
          world.core.submit(++last, static_cast<OwnerId>(random(3)), world.time.now());
          break;
        case 1:
          for (auto& [worker, ready] : alive) {
            if (!ready) {
              ready = true;
              world.core.on_ready(worker, world.time.now());
              break;
            }
          }
          break;
        case 2:
        case 3:
          for (auto& [worker, turns] : inside) {
            if (turns.empty()) continue;
            const SendTurn one = turns.front();
            turns.pop_front();
            if (world.core.on_turn_done(worker, one.number, false, world.time.now())) ++outcomes[one.turn];
            break;
          }
          break;
        case 4:
          if (!alive.empty() && random(8) == 0) {
            const WorkerId worker = alive.begin()->first;
            const std::uint64_t started = inside[worker].empty() ? 0 : inside[worker].front().number;
            inside.erase(worker);
            alive.erase(worker);
            world.core.on_died(worker, started, "signal 11", world.time.now());
          }
          break;
        default:
          world.time.advance(Millis(random(200)));
          world.tick();
      }
      absorb();
      absorb();
      CHECK(world.core.workers() <= world.settings.workers_max + 1);
    }
    for (int settle = 0; settle < 2000 && outcomes.size() < last; ++settle) {
      for (auto& [worker, ready] : alive) {
        if (!ready) {
          ready = true;
          world.core.on_ready(worker, world.time.now());
          break;
        }
      }
      for (auto& [worker, turns] : inside) {
        if (turns.empty()) continue;
        const SendTurn one = turns.front();
        turns.pop_front();
        if (world.core.on_turn_done(worker, one.number, false, world.time.now())) ++outcomes[one.turn];
        break;
      }
      absorb();
      world.time.advance(20ms);
      world.tick();
      absorb();
    }
    CHECK(outcomes.size() == last);
    for (const auto& [turn, count] : outcomes) CHECK(count == 1);
  }
}

TEST_CASE("pool: a worker lost with the spawner loses only the turn that ran, and is no crash of the plugin",
          "[worker]") {
  PoolWorld world;
  for (int loss = 0; loss < 10; ++loss) {
    const TurnId first = static_cast<TurnId>(loss) * 10 + 1;
    const WorkerId worker = world.start_worker(1, first);
    world.core.submit(first + 1, 1, world.time.now());
    CHECK(world.take<SendTurn>().size() == 2);
    world.core.on_lost(worker, 1, world.time.now());
    const auto actions = world.actions();
    // No pause, however often it happens: the spawner's own pauses are enough.
    REQUIRE(actions.size() == 2);
    CHECK(std::get<FailTurn>(actions[0]).turn == first);
    CHECK(std::get<FailTurn>(actions[0]).error.code == Errc::crashed);
    const WorkerId next = std::get<SpawnWorker>(actions[1]).worker;
    world.core.on_ready(next, world.time.now());
    CHECK(world.take<SendTurn>().at(0).turn == first + 1);
    CHECK(world.core.on_turn_done(next, 1, false, world.time.now()));
    world.core.on_lost(next, 1, world.time.now());  // idle: nobody misses it
    CHECK(world.actions().empty());
    CHECK(world.total == 0);
  }
}

TEST_CASE("pool: a worker lost while it starts is started again, and its turns wait on", "[worker]") {
  PoolWorld world;
  world.core.warm(world.time.now());
  const WorkerId warmed = world.take<SpawnWorker>().at(0).worker;
  world.core.on_lost(warmed, 0, world.time.now());
  const WorkerId second = world.take<SpawnWorker>().at(0).worker;
  world.core.submit(1, 1, world.time.now());
  world.core.on_lost(second, 0, world.time.now());
  const auto actions = world.actions();
  REQUIRE(actions.size() == 1);
  world.core.on_ready(std::get<SpawnWorker>(actions[0]).worker, world.time.now());
  CHECK(world.take<SendTurn>().at(0).turn == 1);
}
