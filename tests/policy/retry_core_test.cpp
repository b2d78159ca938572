#include "policy/retry_core.hpp"

#include "catch.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {

const TimePoint start{1h};

bool says(const Error& error, const std::string& words) {
  return error.message.find(words) != std::string::npos;
}

struct World {
  RetrySettings settings;
  SeededRandom random{3};
  RetryBudget budget{settings};
  Error error{Errc::unavailable, "provider glm: connection refused", 0ms, SideEffect::none};
  BoundDeadline bound{Deadline(start + 44'500ms), "ceilings.tool_ms", 45'000ms, 500ms, nullptr};

  Result<TimePoint> decide(FailureClass kind, std::uint32_t attempts, TimePoint now) {
    RetryCore core(settings, random);
    return core.decide({kind, error, attempts, start, bound, now}, budget);
  }
};

constexpr auto down = FailureClass::retryable_unavailable;

}  // namespace

TEST_CASE("retry: waits a random time under 250 ms that doubles per attempt up to the maximum",
          "[policy][retry]") {
  World world;
  world.settings.attempts_max = 10;
  const auto longest = [&](std::uint32_t attempts) {
    Duration most{0};
    for (int i = 0; i < 2'000; ++i) {
      world.budget = RetryBudget(world.settings);
      most = std::max(most, world.decide(down, attempts, start).value() - start);
    }
    return most;
  };
  const Duration expected[] = {250ms, 500ms, 1s, 2s, 4s, 8s, 8s};
  for (std::uint32_t attempts = 1; attempts <= 7; ++attempts) {
    const Duration most = longest(attempts);
    CHECK(most <= expected[attempts - 1]);
    CHECK(most > expected[attempts - 1] * 95 / 100);
  }
}

TEST_CASE("retry: attempts_max counts the first try", "[policy][retry]") {
  World world;
  CHECK(world.decide(down, 3, start + 10s).has_value());
  const auto last = world.decide(down, 4, start + 12'345ms);
  REQUIRE_FALSE(last.has_value());
  CHECK(last.error().code == Errc::unavailable);
  CHECK(last.error().message ==
        "provider glm: connection refused; not retried again: retry.attempts_max = 4 (4 attempts, 12345 ms)");

  world.settings.attempts_max = 1;
  CHECK_FALSE(world.decide(down, 1, start).has_value());
  world.settings.attempts_max = 2;
  RetryCore own(world.settings, world.random, "providers.glm.attempts_max");
  CHECK(says(own.decide({down, world.error, 2, start, world.bound, start}, world.budget).error(),
             "providers.glm.attempts_max = 2 (2 attempts, 0 ms)"));
}

TEST_CASE(
    "retry: never after money, a refusal, delivered content or a cancellation, and takes no tokens for it",
    "[policy][retry]") {
  World world;
  for (const auto kind :
       {FailureClass::money, FailureClass::refused, FailureClass::committed, FailureClass::cancelled}) {
    const auto answer = world.decide(kind, 1, start);
    REQUIRE_FALSE(answer.has_value());
    CHECK(says(answer.error(), "not retried"));
    CHECK(says(answer.error(), "(1 attempt, 0 ms)"));
  }
  CHECK(world.budget.tokens() == 20.0);
}

TEST_CASE("retry: starts with exactly attempt_min left and not with less", "[policy][retry]") {
  World world;
  const TimePoint latest = world.bound.deadline.at() - world.settings.attempt_min;
  CHECK(world.decide(down, 1, latest).value() == latest);
  const auto late = world.decide(down, 1, latest + 1ms);
  REQUIRE_FALSE(late.has_value());
  CHECK(says(late.error(),
             "1999 ms are left of ceilings.tool_ms = 45000 and an attempt needs "
             "retry.attempt_min_ms = 2000"));
  CHECK_FALSE(world.decide(down, 1, world.bound.deadline.at() + 1s).has_value());
}

TEST_CASE("retry: with attempt_min 0 the deadline itself is still too late", "[policy][retry]") {
  World world;
  world.settings.attempt_min = 0ms;
  CHECK_FALSE(world.decide(down, 1, world.bound.deadline.at()).has_value());
  for (int i = 0; i < 100; ++i) {
    world.budget = RetryBudget(world.settings);
    CHECK(world.decide(down, 1, world.bound.deadline.at() - 1ns).value() < world.bound.deadline.at());
  }
}

TEST_CASE("retry: Retry-After is a floor with at most a tenth on top", "[policy][retry]") {
  World world;
  world.error.retry_after = 10s;
  for (int i = 0; i < 1'000; ++i) {
    world.budget = RetryBudget(world.settings);
    const Duration wait = world.decide(FailureClass::throttled_rate, 1, start).value() - start;
    REQUIRE(wait >= 10s);
    REQUIRE(wait <= 11s);
  }
}

TEST_CASE("retry: a Retry-After that just fits is kept to, one that does not ends the call at once",
          "[policy][retry]") {
  World world;
  world.error.retry_after = 42'500ms;
  CHECK(world.decide(FailureClass::throttled_rate, 1, start).value() == start + 42'500ms);
  world.error.retry_after = 42'501ms;
  const double tokens = world.budget.tokens();
  const auto answer = world.decide(FailureClass::throttled_rate, 1, start);
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().retry_after == 42'501ms);
  CHECK(says(answer.error(),
             "the upstream asks to wait 42501 ms, 44500 ms are left of ceilings.tool_ms = 45000"));
  CHECK(world.budget.tokens() == tokens);
}

TEST_CASE("retry: an empty budget ends the call and says so", "[policy][retry]") {
  World world;
  for (int i = 0; i < 5; ++i) CHECK(world.decide(FailureClass::retryable_timeout, 1, start).has_value());
  const auto answer = world.decide(FailureClass::retryable_timeout, 1, start);
  REQUIRE_FALSE(answer.has_value());
  CHECK(says(answer.error(), "holds 0 of retry.budget_tokens_max = 20 and a retry costs 4"));
  world.settings.budget_tokens_max = 0;
  world.budget = RetryBudget(world.settings);
  CHECK(says(world.decide(down, 1, start).error(), "retry.budget_tokens_max = 0"));
}

TEST_CASE(
    "retry: whatever is asked, the next attempt lies between its floor and the deadline less attempt_min",
    "[policy][retry]") {
  SeededRandom random(5);
  World world;
  for (int i = 0; i < 50'000; ++i) {
    world.settings.attempts_max = 1 + static_cast<std::uint32_t>(random.below(10));
    world.settings.backoff_base = Millis(1 + random.below(60'000));
    world.settings.backoff_max = Millis(1 + random.below(600'000));
    world.settings.attempt_min = Millis(random.below(5'000));
    if (i % 16 == 0) world.budget = RetryBudget(world.settings);
    world.error.retry_after = random.below(2) == 0 ? 0ms : Millis(random.below(60'000));
    const auto attempts = 1 + static_cast<std::uint32_t>(random.below(12));
    const TimePoint now = start + Duration(random.below(46'000'000'000));
    const auto kind = static_cast<FailureClass>(random.below(8));
    const auto answer = world.decide(kind, attempts, now);
    REQUIRE(world.budget.tokens() >= 0.0);
    if (!answer) {
      REQUIRE(answer.error().retry_after == world.error.retry_after);
      continue;
    }
    REQUIRE(is_retryable(kind));
    REQUIRE(attempts < world.settings.attempts_max);
    REQUIRE(*answer >= now + world.error.retry_after);
    REQUIRE(*answer + world.settings.attempt_min <= world.bound.deadline.at());
    REQUIRE(*answer < world.bound.deadline.at());
  }
}
