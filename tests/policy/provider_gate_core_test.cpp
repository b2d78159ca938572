#include "policy/provider_gate_core.hpp"

#include <algorithm>
#include <map>

#include "base/random.hpp"
#include "catch.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {

const TimePoint start{1h};
const Deadline far{start + 1h};
using Ids = std::vector<std::uint64_t>;

ProviderGateSettings small() {
  ProviderGateSettings settings;
  settings.section = "providers.glm";
  settings.concurrency_max = 2;
  settings.queue_size_max = 3;
  return settings;
}

bool says(const Error& error, const std::string& words) {
  return error.message.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("provider gate: runs concurrency_max at once, the rest first come, first served", "[policy]") {
  ProviderGateCore gate(small());
  for (std::uint64_t id = 1; id <= 2; ++id)
    CHECK(gate.offer(id, 0, far, start).outcome == OfferOutcome::admitted);
  for (std::uint64_t id = 3; id <= 5; ++id)
    CHECK(gate.offer(id, 0, far, start).outcome == OfferOutcome::queued);
  const Offer refused = gate.offer(6, 0, far, start);
  REQUIRE(refused.outcome == OfferOutcome::refused);
  CHECK(refused.refusal->code == Errc::shed);
  CHECK(refused.refusal->retry_after > 0ms);
  CHECK(says(*refused.refusal,
             "providers.glm.concurrency_max = 2 attempts run already and "
             "providers.glm.queue_size_max = 3 attempts wait"));
  CHECK(gate.withdraw(4));
  CHECK_FALSE(gate.withdraw(4));
  CHECK_FALSE(gate.withdraw(1));
  CHECK(gate.release(2, start) == Ids{3});
  CHECK(gate.release(2, start).empty());
  CHECK(gate.release(1, start) == Ids{5});
  CHECK(gate.offer(3, 0, far, start).refusal->code == Errc::internal);
}

TEST_CASE("provider gate: a call that asks much at once holds up no other, and gets on itself", "[policy]") {
  ProviderGateSettings settings = small();
  settings.queue_size_max = 10;
  ProviderGateCore gate(settings);
  const std::uint64_t many = 1, one = 2, another = 3;
  for (std::uint64_t id = 1; id <= 5; ++id) (void)gate.offer(id, many, far, start);
  CHECK(gate.offer(6, one, far, start).outcome == OfferOutcome::queued);
  CHECK(gate.offer(7, another, far, start).outcome == OfferOutcome::queued);
  CHECK(gate.offer(8, one, far, start).outcome == OfferOutcome::queued);
  CHECK(gate.release(1, start) == Ids{6});  // though 3, 4 and 5 came first
  CHECK(gate.release(2, start) == Ids{3});  // its call has no place now, and waits longest
  CHECK(gate.release(6, start) == Ids{7});
  CHECK(gate.release(3, start) == Ids{4});
  CHECK(gate.release(7, start) == Ids{8});
  CHECK(gate.release(4, start) == Ids{5});
}

TEST_CASE("provider gate: an attempt needs attempt_min of its deadline", "[policy]") {
  ProviderGateCore gate(small());
  CHECK(gate.offer(1, 0, Deadline(start + 2s), start).outcome == OfferOutcome::admitted);
  const Offer late = gate.offer(2, 0, Deadline(start + 2s - 1ms), start);
  REQUIRE(late.outcome == OfferOutcome::refused);
  CHECK(late.refusal->code == Errc::deadline);
  CHECK(
      says(*late.refusal, "1999 ms are left of the deadline, an attempt needs retry.attempt_min_ms = 2000"));
}

TEST_CASE("provider gate: a pause holds everybody back until Retry-After is over", "[policy]") {
  ProviderGateCore gate(small());
  gate.pause(10s, start);
  gate.pause(3s, start + 1s);  // a shorter wish does not shorten
  gate.pause(0s, start + 1s);
  for (std::uint64_t id = 1; id <= 3; ++id)
    CHECK(gate.offer(id, 0, far, start + 2s).outcome == OfferOutcome::queued);
  CHECK(gate.next_wake() == start + 10s);
  CHECK(gate.admit_waiting(start + 10s - 1ns).empty());
  CHECK(gate.admit_waiting(start + 10s) == Ids{1, 2});
  CHECK(gate.release(1, start + 11s) == Ids{3});
}

TEST_CASE("provider gate: a pause that does not fit the deadline refuses at once", "[policy]") {
  ProviderGateCore gate(small());
  gate.pause(10s, start);
  const Offer refused = gate.offer(1, 0, Deadline(start + 12s), start);
  REQUIRE(refused.outcome == OfferOutcome::refused);
  CHECK(refused.refusal->code == Errc::rate_limited);
  CHECK(refused.refusal->retry_after == 10s);
  CHECK(says(*refused.refusal, "Retry-After"));
  CHECK(gate.offer(2, 0, Deadline(start + 12'001ms), start).outcome == OfferOutcome::queued);
}

TEST_CASE("provider gate: an absurd Retry-After closes for an hour, not for ever", "[policy]") {
  ProviderGateCore gate(small());
  gate.pause(24h * 365, start);
  CHECK(gate.paused(start + 1h - 1ns));
  CHECK_FALSE(gate.paused(start + 1h));
}

TEST_CASE("provider gate: an expected wait that does not fit the deadline refuses at once", "[policy]") {
  ProviderGateCore gate(small());
  (void)gate.offer(1, 0, far, start);
  (void)gate.release(1, start + 10s);  // attempts take 10 s
  const TimePoint now = start + 10s;
  for (std::uint64_t id = 2; id <= 3; ++id)
    CHECK(gate.offer(id, 0, far, now).outcome == OfferOutcome::admitted);
  CHECK(gate.offer(4, 0, Deadline(now + 7s), now).outcome ==
        OfferOutcome::refused);  // 5 s to wait, 2 s to run
  CHECK(gate.offer(5, 0, Deadline(now + 7'001ms), now).outcome == OfferOutcome::queued);
}

TEST_CASE("provider gate: a waiter expires when no more than attempt_min is left", "[policy]") {
  ProviderGateCore gate(small());
  for (std::uint64_t id = 1; id <= 2; ++id) (void)gate.offer(id, 0, far, start);
  (void)gate.offer(3, 0, Deadline(start + 5s), start);
  (void)gate.offer(4, 0, far, start);
  CHECK(gate.next_wake() == start + 3s);
  CHECK(gate.expire(start + 3s - 1ns).empty());
  const auto over = gate.expire(start + 3s);
  REQUIRE(over.size() == 1);
  CHECK(over[0].id == 3);
  CHECK(over[0].error.code == Errc::deadline);
  CHECK(says(over[0].error, "waited 3000 ms as providers.glm.concurrency_max = 2 attempts run already"));
  CHECK(gate.expire(start + 3s).empty());
}

TEST_CASE("provider gate: a late release passes over a waiter with too little time, and expire reports it",
          "[policy]") {
  ProviderGateCore gate(small());
  for (std::uint64_t id = 1; id <= 2; ++id) (void)gate.offer(id, 0, far, start);
  (void)gate.offer(3, 0, Deadline(start + 5s), start);
  (void)gate.offer(4, 0, far, start);
  CHECK(gate.release(1, start + 4s) == Ids{4});
  CHECK(gate.expire(start + 4s).size() == 1);
}

TEST_CASE("provider gate: refusals for concurrency lower it once per burst, successes raise it again",
          "[policy]") {
  ProviderGateSettings settings = small();
  settings.concurrency_max = 4;
  ProviderGateCore gate(settings);
  for (std::uint64_t id = 1; id <= 4; ++id) (void)gate.offer(id, 0, far, start);
  for (std::uint64_t id = 1; id <= 4; ++id) gate.lower_concurrency(id, start + 1s);
  CHECK(gate.concurrency() == 3);
  gate.lower_concurrency(99, start + 1s);
  for (std::uint64_t id = 1; id <= 4; ++id) CHECK(gate.release(id, start + 1s).empty());
  for (std::uint64_t id = 11; id <= 13; ++id)
    CHECK(gate.offer(id, 0, far, start + 2s).outcome == OfferOutcome::admitted);
  CHECK(gate.offer(14, 0, far, start + 2s).outcome == OfferOutcome::queued);
  gate.succeeded();
  gate.succeeded();
  CHECK(gate.concurrency() == 3);
  gate.succeeded();
  CHECK(gate.concurrency() == 4);
  CHECK(*gate.next_wake() <= start + 2s);  // somebody may run: asks to be woken
  CHECK(gate.admit_waiting(start + 2s) == Ids{14});
  for (int i = 0; i < 100; ++i) gate.succeeded();
  CHECK(gate.concurrency() == 4);
  for (int i = 0; i < 9; ++i) {  // never below one
    for (std::uint64_t id = 11; id <= 14; ++id) (void)gate.release(id, start + 3s + Millis(i));
    (void)gate.offer(11, 0, far, start + 4s + Millis(i));
    gate.lower_concurrency(11, start + 5s + Millis(i));
    CHECK(gate.concurrency() == 1);
  }
}

TEST_CASE("provider gate: under random use limits hold and every attempt ends exactly once", "[policy]") {
  SeededRandom random(61);
  for (int round = 0; round < 40; ++round) {
    ProviderGateSettings settings = small();
    settings.concurrency_max = 1 + static_cast<std::uint32_t>(random.below(8));
    settings.queue_size_max = static_cast<std::uint32_t>(random.below(16));
    ProviderGateCore gate(settings);
    struct Attempt {
      bool running;
      Deadline deadline;
      std::uint64_t call;
    };
    std::map<std::uint64_t, Attempt> known;  // in order of arrival
    TimePoint now = start, closed = start;
    std::uint64_t last = 0, ended = 0;
    const auto places = [&](std::uint64_t call) {
      return std::count_if(known.begin(), known.end(),
                           [call](const auto& one) { return one.second.running && one.second.call == call; });
    };
    const auto run = [&](const Ids& ids) {
      for (const std::uint64_t id : ids) {
        const auto attempt = known.find(id);
        REQUIRE(attempt != known.end());
        REQUIRE_FALSE(attempt->second.running);
        REQUIRE(now >= closed);
        REQUIRE(now + settings.attempt_min <= attempt->second.deadline.at());
        REQUIRE(gate.running() <= gate.concurrency());
        for (const auto& [other, waits] : known) {
          if (waits.running || waits.deadline.at() < now + settings.attempt_min) continue;
          REQUIRE(places(attempt->second.call) <= places(waits.call));
          REQUIRE((places(attempt->second.call) < places(waits.call) || id <= other));
        }
        attempt->second.running = true;
      }
    };
    const auto step = [&](std::uint64_t what) {
      now += Duration(random.below(300'000'000));
      if (what < 4) {
        const Deadline deadline(now + Millis(random.below(30'000)));
        const std::uint64_t call = 1 + random.below(3);
        const Offer offer = gate.offer(++last, call, deadline, now);
        if (offer.outcome == OfferOutcome::refused)
          ++ended;
        else
          known.emplace(last, Attempt{offer.outcome == OfferOutcome::admitted, deadline, call});
        if (offer.outcome == OfferOutcome::admitted) REQUIRE(now >= closed);
      } else if (what < 7 && !known.empty()) {
        auto attempt = known.begin();
        std::advance(attempt, static_cast<std::ptrdiff_t>(random.below(known.size())));
        const std::uint64_t id = attempt->first;
        const bool running = attempt->second.running;
        if (running && random.below(8) == 0) gate.lower_concurrency(id, now);
        known.erase(attempt);
        ++ended;
        if (running)
          run(gate.release(id, now));
        else
          REQUIRE(gate.withdraw(id));
      } else if (what == 7) {
        const Millis pause(random.below(3'000));
        gate.pause(pause, now);
        if (pause > 0ms) closed = std::max<TimePoint>(closed, now + pause);
      } else {
        for (const ExpiredWait& over : gate.expire(now)) {
          REQUIRE(known.erase(over.id) == 1);
          ++ended;
        }
        run(gate.admit_waiting(now));
        const auto wake = gate.next_wake();
        REQUIRE((!wake || *wake > now));
        gate.succeeded();
      }
      REQUIRE(gate.running() <= settings.concurrency_max);
      REQUIRE(gate.waiting() <= settings.queue_size_max);
      REQUIRE(gate.running() + gate.waiting() == known.size());
    };
    for (int i = 0; i < 800; ++i) step(random.below(10));
    while (!known.empty()) step(4 + random.below(3));
    CHECK(ended == last);
  }
}
