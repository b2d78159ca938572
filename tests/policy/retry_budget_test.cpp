#include "policy/retry_budget.hpp"

#include "base/random.hpp"
#include "catch.hpp"

using namespace toolpost;

TEST_CASE("retry budget: a full bucket pays for ten retries, five timeouts or twenty throttlings",
          "[policy]") {
  const auto pays = [](FailureClass kind) {
    RetryBudget budget{RetrySettings{}};
    int times = 0;
    while (budget.take(kind)) ++times;
    return times;
  };
  CHECK(pays(FailureClass::retryable_unavailable) == 10);
  CHECK(pays(FailureClass::retryable_timeout) == 5);
  CHECK(pays(FailureClass::throttled_rate) == 20);
  CHECK(pays(FailureClass::throttled_concurrency) == 20);
}

TEST_CASE("retry budget: costs and refund are those of [retry]", "[policy]") {
  RetrySettings settings;
  settings.budget_tokens_max = 12;
  settings.budget_retry_cost = 3;
  settings.budget_timeout_cost = 6;
  settings.budget_throttle_cost = 0.5;
  settings.budget_refund = 1.5;
  RetryBudget budget{settings};
  CHECK(budget.take(FailureClass::retryable_timeout));
  CHECK(budget.tokens() == 6.0);
  CHECK(budget.take(FailureClass::throttled_rate));
  CHECK(budget.tokens() == 5.5);
  CHECK(budget.take(FailureClass::retryable_unavailable));
  CHECK_FALSE(budget.take(FailureClass::retryable_unavailable));
  budget.succeeded();
  CHECK(budget.tokens() == 4.0);
}

TEST_CASE("retry budget: ten successes pay for one retry exactly, nine do not", "[policy]") {
  RetryBudget budget{RetrySettings{}};
  while (budget.take(FailureClass::retryable_unavailable)) {
  }
  for (int i = 0; i < 9; ++i) budget.succeeded();
  CHECK_FALSE(budget.take(FailureClass::retryable_unavailable));
  budget.succeeded();
  CHECK(budget.take(FailureClass::retryable_unavailable));
  CHECK(budget.tokens() == 0.0);
}

TEST_CASE("retry budget: a bucket of size 0 turns retry off even where retries are free", "[policy]") {
  RetrySettings settings;
  settings.budget_tokens_max = 0;
  settings.budget_retry_cost = 0;
  RetryBudget budget{settings};
  budget.succeeded();
  CHECK_FALSE(budget.take(FailureClass::retryable_unavailable));
}

TEST_CASE("retry budget: under random use it is never negative and never above its size", "[policy]") {
  SeededRandom random(11);
  RetryBudget budget{RetrySettings{}};
  for (int i = 0; i < 50'000; ++i) {
    const double before = budget.tokens();
    const auto kind = static_cast<FailureClass>(random.below(4));
    if (random.below(3) == 0) {
      budget.succeeded();
    } else if (budget.take(kind)) {
      REQUIRE(before >= budget.cost(kind));
    } else {
      REQUIRE(before < budget.cost(kind));
      REQUIRE(budget.tokens() == before);
    }
    REQUIRE(budget.tokens() >= 0.0);
    REQUIRE(budget.tokens() <= budget.tokens_max());
  }
}
