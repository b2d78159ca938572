// What a breaker learns from other hosts.
#include "catch.hpp"
#include "policy/breaker_core.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{1h};

Error refusal(BreakerCore& breaker, TimePoint now) {
  const auto pass = breaker.admit(now);
  REQUIRE_FALSE(pass);
  return pass.error();
}

}  // namespace

TEST_CASE("breaker sharing: what another host found out is not found out again", "[policy]") {
  BreakerCore breaker(BreakerSettings{});
  const auto before = breaker.admit(start);
  REQUIRE(before);
  breaker.learn(10s, 1, start);
  CHECK(breaker.rest_left(start + 4s) == 6s);
  const Error refused = refusal(breaker, start + 4s);
  CHECK(refused.code == Errc::breaker_open);
  CHECK(refused.retry_after == 6s);
  CHECK(refused.message.find("another host found that the provider fails") != std::string::npos);
  // An attempt that began before says nothing of now.
  breaker.settle(*before, BreakerOutcome::success, start + 5s);
  CHECK(breaker.rests(start + 5s));
  const auto probe = breaker.admit(start + 10s);
  REQUIRE(probe);
  CHECK(probe->probe);
  breaker.settle(*probe, BreakerOutcome::failure, start + 11s);
  CHECK(breaker.openings() == 2);  // its own rest is as long as if it had opened the first time itself
}

TEST_CASE("breaker sharing: once another host's probe went well, it is healthy here", "[policy]") {
  BreakerCore breaker(BreakerSettings{});
  for (int i = 0; i < 5; ++i) {
    const auto pass = breaker.admit(start);
    REQUIRE(pass);
    breaker.settle(*pass, BreakerOutcome::failure, start);
  }
  CHECK(breaker.rests(start));
  breaker.learn(0s, 0, start + 1s);
  CHECK(breaker.state() == BreakerState::closed);
  CHECK(breaker.admit(start + 1s)->probe == false);
}

TEST_CASE("breaker sharing: a shorter rest, one that is over, or a running probe change nothing",
          "[policy]") {
  BreakerCore breaker(BreakerSettings{});
  breaker.learn(0s, 3, start);
  CHECK(breaker.state() == BreakerState::closed);
  breaker.learn(10s, 1, start);
  breaker.learn(5s, 1, start);
  CHECK(breaker.rest_left(start) == 10s);
  const auto probe = breaker.admit(start + 10s);
  REQUIRE(probe);
  breaker.learn(60s, 2, start + 10s);
  CHECK(breaker.state() == BreakerState::half_open);
  breaker.settle(*probe, BreakerOutcome::success, start + 11s);
  CHECK(breaker.state() == BreakerState::closed);
}

TEST_CASE("breaker sharing: a rest is believed up to breaker.open_max_ms, and not at all when it is off",
          "[policy]") {
  BreakerSettings settings;
  BreakerCore breaker(settings);
  breaker.learn(1000h, 1'000'000, start);
  CHECK(breaker.rest_left(start) == settings.open_max);
  settings.enabled = false;
  BreakerCore off(settings);
  off.learn(10s, 1, start);
  CHECK(off.admit(start));
}
