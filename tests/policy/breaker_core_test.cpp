#include "policy/breaker_core.hpp"

#include <vector>

#include "base/random.hpp"
#include "catch.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {

struct World {
  explicit World(BreakerSettings given = {}) : settings(given), breaker(given) {}

  void attempt(BreakerOutcome outcome) {
    const auto pass = breaker.admit(now);
    REQUIRE(pass.has_value());
    breaker.settle(*pass, outcome, now);
  }
  void fail(int times) {
    for (int i = 0; i < times; ++i) attempt(BreakerOutcome::failure);
  }

  BreakerSettings settings;
  BreakerCore breaker;
  TimePoint now{1h};
};

bool says(const Error& error, const std::string& words) {
  return error.message.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("breaker: opens at failures_max in a row, not one before, and a success starts the count anew",
          "[policy]") {
  World world;
  world.fail(4);
  world.attempt(BreakerOutcome::success);
  world.fail(4);
  CHECK(world.breaker.state() == BreakerState::closed);
  world.fail(1);
  CHECK(world.breaker.state() == BreakerState::open);
  const auto refused = world.breaker.admit(world.now + 3s);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::breaker_open);
  CHECK(refused.error().retry_after == 12s);
  CHECK(says(refused.error(), "breaker.failures_max = 5"));
  CHECK(says(refused.error(), "another 12000 ms (breaker.open_base_ms = 15000"));
}

TEST_CASE("breaker: rests exactly while it would refuse", "[policy]") {
  World world;
  CHECK_FALSE(world.breaker.rests(world.now));
  world.fail(5);
  CHECK(world.breaker.rests(world.now));
  CHECK(world.breaker.rests(world.now + 15s - 1ms));
  CHECK_FALSE(world.breaker.rests(world.now + 15s));
  world.now += 15s;
  const auto probe = world.breaker.admit(world.now);
  REQUIRE(probe.has_value());
  CHECK(world.breaker.rests(world.now));  // the probe decides
  world.breaker.settle(*probe, BreakerOutcome::success, world.now);
  CHECK_FALSE(world.breaker.rests(world.now));
}

TEST_CASE("breaker: opens when half of the window failed, but only once the window is full", "[policy]") {
  World world;
  for (int i = 0; i < 9; ++i) {
    world.attempt(BreakerOutcome::failure);
    world.attempt(BreakerOutcome::success);
  }
  world.attempt(BreakerOutcome::failure);  // 10 of 19
  CHECK(world.breaker.state() == BreakerState::closed);
  world.attempt(BreakerOutcome::success);  // 10 of 20
  CHECK(world.breaker.state() == BreakerState::open);
  CHECK(says(world.breaker.admit(world.now).error(), "breaker.window = 20"));
}

TEST_CASE("breaker: fewer failures than the ratio keep it closed, and old ones leave the window",
          "[policy]") {
  World world;
  for (int i = 0; i < 9; ++i) {
    world.attempt(BreakerOutcome::failure);
    world.attempt(BreakerOutcome::success);
  }
  world.attempt(BreakerOutcome::success);
  world.attempt(BreakerOutcome::success);  // 9 of 20
  CHECK(world.breaker.state() == BreakerState::closed);
  world.attempt(BreakerOutcome::failure);  // pushes a failure out: 9 of 20
  CHECK(world.breaker.state() == BreakerState::closed);
  world.attempt(BreakerOutcome::failure);  // pushes a success out: 10 of 20
  CHECK(world.breaker.state() == BreakerState::open);
}

TEST_CASE("breaker: lets exactly one probe through when its time is over", "[policy]") {
  World world;
  world.fail(5);
  CHECK_FALSE(world.breaker.admit(world.now + 15s - 1ns).has_value());
  const auto probe = world.breaker.admit(world.now + 15s);
  REQUIRE(probe.has_value());
  CHECK(probe->probe);
  const auto second = world.breaker.admit(world.now + 16s);
  REQUIRE_FALSE(second.has_value());
  CHECK(says(second.error(), "one probe is running"));
  CHECK(second.error().retry_after > 0ms);
  world.breaker.settle(*probe, BreakerOutcome::success, world.now + 17s);
  CHECK(world.breaker.state() == BreakerState::closed);
  CHECK(world.breaker.admit(world.now + 17s).has_value());
}

TEST_CASE("breaker: a failed or abandoned probe doubles the time up to the maximum", "[policy]") {
  World world;
  world.fail(5);
  const Duration expected[] = {15s, 30s, 60s, 120s, 240s, 300s, 300s};
  for (std::size_t i = 0; i < 7; ++i) {
    CHECK_FALSE(world.breaker.admit(world.now + expected[i] - 1ms).has_value());
    world.now += expected[i];
    const auto probe = world.breaker.admit(world.now);
    REQUIRE(probe.has_value());
    if (i % 2 == 0) {
      world.breaker.settle(*probe, BreakerOutcome::failure, world.now);
    } else {
      world.breaker.abandon(*probe, world.now);
    }
    CHECK(world.breaker.state() == BreakerState::open);
  }
}

TEST_CASE("breaker: a probe that nobody settles counts as failed after its backstop", "[policy]") {
  World world;
  world.fail(5);
  const auto lost = world.breaker.admit(world.now + 15s);
  REQUIRE(lost.has_value());
  const TimePoint backstop = world.now + 15s + 15min;
  CHECK_FALSE(world.breaker.admit(backstop - 1ns).has_value());
  CHECK(world.breaker.state() == BreakerState::half_open);
  CHECK(says(world.breaker.admit(backstop).error(), "probe was lost"));
  CHECK(world.breaker.state() == BreakerState::open);
  const auto next = world.breaker.admit(backstop + 30s);
  REQUIRE(next.has_value());
  world.breaker.settle(*lost, BreakerOutcome::success, backstop + 31s);  // too late to speak for the next one
  CHECK(world.breaker.state() == BreakerState::half_open);
}

TEST_CASE("breaker: throttling and refusals count neither way while closed", "[policy]") {
  World world;
  world.fail(4);
  for (int i = 0; i < 50; ++i) {
    world.attempt(breaker_outcome(FailureClass::throttled_rate));
    world.attempt(breaker_outcome(FailureClass::refused));
    world.attempt(breaker_outcome(FailureClass::cancelled));
  }
  CHECK(world.breaker.state() == BreakerState::closed);
  world.fail(1);  // the streak was not broken either
  CHECK(world.breaker.state() == BreakerState::open);
}

TEST_CASE(
    "breaker: a probe answered with 429 closes it, one refused or cancelled leaves the next caller to probe",
    "[policy]") {
  World world;
  world.fail(5);
  world.now += 15s;
  world.attempt(breaker_outcome(FailureClass::cancelled));
  CHECK(world.breaker.state() == BreakerState::half_open);
  world.attempt(breaker_outcome(FailureClass::refused));
  CHECK(world.breaker.state() == BreakerState::half_open);
  world.attempt(breaker_outcome(FailureClass::throttled_rate));
  CHECK(world.breaker.state() == BreakerState::closed);
}

TEST_CASE("breaker: a refused connection in half-open opens it again", "[policy]") {
  World world;
  world.fail(5);
  world.now += 15s;
  world.attempt(breaker_outcome(FailureClass::retryable_unavailable));
  CHECK(world.breaker.state() == BreakerState::open);
}

TEST_CASE("breaker: attempts begun before it opened do not settle it", "[policy]") {
  World world;
  const auto early = world.breaker.admit(world.now);
  REQUIRE(early.has_value());
  world.fail(5);
  world.breaker.settle(*early, BreakerOutcome::success, world.now);
  CHECK(world.breaker.state() == BreakerState::open);
  world.now += 15s;
  const auto probe = world.breaker.admit(world.now);
  world.breaker.settle(*early, BreakerOutcome::failure, world.now);
  CHECK(world.breaker.state() == BreakerState::half_open);
  world.breaker.settle(*probe, BreakerOutcome::success, world.now);
  world.breaker.settle(*probe, BreakerOutcome::failure, world.now);  // settled once only
  CHECK(world.breaker.state() == BreakerState::closed);
}

TEST_CASE("breaker: forgets its openings after a success once it stayed closed as long as it was open",
          "[policy]") {
  World world;
  world.fail(5);
  world.now += 15s;
  world.attempt(BreakerOutcome::success);
  world.now += 15s - 1ms;
  world.attempt(BreakerOutcome::success);
  CHECK(world.breaker.openings() == 1);
  world.now += 1ms;
  world.attempt(BreakerOutcome::success);
  CHECK(world.breaker.openings() == 0);
  world.fail(5);
  CHECK(world.breaker.admit(world.now + 15s).has_value());

  World relapsing;
  relapsing.fail(5);
  relapsing.now += 15s;
  relapsing.attempt(BreakerOutcome::success);
  relapsing.fail(5);
  CHECK_FALSE(relapsing.breaker.admit(relapsing.now + 15s).has_value());
}

TEST_CASE("breaker: does nothing when it is off", "[policy]") {
  BreakerSettings off;
  off.enabled = false;
  World world(off);
  world.fail(100);
  CHECK(world.breaker.admit(world.now).has_value());
}

TEST_CASE("breaker: under random use there is one probe at a time and a way out of every state", "[policy]") {
  SeededRandom random(23);
  for (int round = 0; round < 40; ++round) {
    BreakerSettings settings;
    settings.failures_max = 1 + static_cast<std::uint32_t>(random.below(6));
    settings.window = 2 + static_cast<std::uint32_t>(random.below(20));
    settings.window_ratio = 0.01 * static_cast<double>(1 + random.below(100));
    World world(settings);
    std::vector<BreakerPass> out;
    int probes = 0;
    for (int step = 0; step < 2'000; ++step) {
      world.now += Millis(random.below(4'000));
      const BreakerState before = world.breaker.state();
      if (random.below(2) == 0) {
        const auto pass = world.breaker.admit(world.now);
        if (pass) {
          if (pass->probe) ++probes;
          REQUIRE((before != BreakerState::closed) == pass->probe);
          out.push_back(*pass);
        } else {
          REQUIRE(pass.error().code == Errc::breaker_open);
          REQUIRE(pass.error().retry_after > 0ms);
          REQUIRE(pass.error().retry_after <= settings.open_max);
        }
      } else if (!out.empty()) {
        const std::size_t at = random.below(out.size());
        const BreakerPass pass = out[at];
        out.erase(out.begin() + static_cast<std::ptrdiff_t>(at));
        if (pass.probe) --probes;
        if (random.below(8) == 0) {
          world.breaker.abandon(pass, world.now);
        } else {
          world.breaker.settle(pass, static_cast<BreakerOutcome>(random.below(4)), world.now);
        }
      }
      // The steps are too short for a probe to be lost, so an unsettled one is the only one.
      if (world.now < TimePoint{1h} + 15min) REQUIRE(probes <= 1);
      REQUIRE(world.breaker.probing() ==
              (world.breaker.probing() && world.breaker.state() == BreakerState::half_open));
    }
    for (const BreakerPass& pass : out) world.breaker.settle(pass, BreakerOutcome::success, world.now);
    CHECK(world.breaker.admit(world.now + settings.open_max).has_value());
  }
}
