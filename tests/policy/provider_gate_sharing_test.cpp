// Gates of several hosts over one provider: what they share is a table in memory here, and a file in the
// host.
#include <algorithm>
#include <map>
#include <set>

#include "base/random.hpp"
#include "catch.hpp"
#include "policy/provider_gate_core.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {

const TimePoint start{1h};
using Ids = std::vector<std::uint64_t>;

/// All hosts of the machine, on a clock that the test moves.
struct Machine {
  std::uint32_t taken = 0;
  std::set<int> waiting;  // hosts
  std::optional<std::uint32_t> concurrency;
  TimePoint pause_until = start;
  TimePoint now = start;
};

class View final : public SharedProvider {
 public:
  View(Machine& machine, int host) : machine_(machine), host_(host) {}
  bool take_place(std::uint32_t places) override {
    if (machine_.taken >= places) return false;
    ++machine_.taken;
    return true;
  }
  void give_place() override { --machine_.taken; }
  std::uint32_t places_taken(std::uint32_t places) override { return std::min(places, machine_.taken); }
  void set_waiting(bool waits) override {
    waits ? static_cast<void>(machine_.waiting.insert(host_))
          : static_cast<void>(machine_.waiting.erase(host_));
  }
  bool others_wait() override { return machine_.waiting.size() > machine_.waiting.count(host_); }
  Duration look_again_after() override { return 20ms + 1ms * host_; }
  std::optional<std::uint32_t> concurrency() override { return machine_.concurrency; }
  void set_concurrency(std::uint32_t places) override { machine_.concurrency = places; }
  Duration pause_left() override { return std::max<Duration>(0s, machine_.pause_until - machine_.now); }
  void pause(Duration time) override {
    machine_.pause_until = std::max(machine_.pause_until, machine_.now + time);
  }
  std::optional<Rest> rest_of(const std::string&) override { return std::nullopt; }
  void set_rest(const std::string&, Rest) override {}

 private:
  Machine& machine_;
  const int host_;
};

struct Host {
  Host(Machine& machine, int number, std::uint32_t concurrency_max = 2)
      : view(machine, number), gate(settings(concurrency_max), &view) {}
  static ProviderGateSettings settings(std::uint32_t concurrency_max) {
    ProviderGateSettings settings;
    settings.section = "providers.glm";
    settings.concurrency_max = concurrency_max;
    return settings;
  }
  OfferOutcome offer(std::uint64_t id, TimePoint now) {
    return gate.offer(id, 0, Deadline(now + 1h), now).outcome;
  }

  View view;
  ProviderGateCore gate;
};

}  // namespace

TEST_CASE("provider gate sharing: two hosts together run no more than concurrency_max", "[policy]") {
  Machine machine;
  Host one(machine, 1), other(machine, 2);
  CHECK(one.offer(1, start) == OfferOutcome::admitted);
  CHECK(other.offer(1, start) == OfferOutcome::admitted);
  CHECK(one.offer(2, start) == OfferOutcome::queued);
  // Time opens it, as no release of this host may come.
  CHECK(one.gate.next_wake() == start + 21ms);
  CHECK(one.gate.admit_waiting(start + 21ms).empty());
  CHECK(one.gate.next_wake() == start + 42ms);
  CHECK(other.gate.release(1, start + 30ms).empty());
  CHECK(one.gate.admit_waiting(start + 42ms) == Ids{2});
  CHECK_FALSE(one.gate.next_wake());
  CHECK(machine.taken == 2);
}

TEST_CASE("provider gate sharing: a refusal says that all hosts together are meant", "[policy]") {
  Machine machine;
  Host one(machine, 1), other(machine, 2);
  other.offer(1, start);
  other.offer(2, start);
  for (std::uint64_t id = 1; id <= 64; ++id) CHECK(one.offer(id, start) == OfferOutcome::queued);
  const Offer refused = one.gate.offer(65, 0, Deadline(start + 1h), start);
  REQUIRE(refused.outcome == OfferOutcome::refused);
  CHECK(refused.refusal->message.find(
            "providers.glm.concurrency_max = 2 attempts run already, in all hosts together") !=
        std::string::npos);
}

TEST_CASE("provider gate sharing: who waits in another host is not overtaken, nor starved", "[policy]") {
  Machine machine;
  Host busy(machine, 1, 1), late(machine, 2, 1);
  CHECK(busy.offer(1, start) == OfferOutcome::admitted);
  CHECK(busy.offer(2, start) == OfferOutcome::queued);
  CHECK(late.offer(1, start) == OfferOutcome::queued);
  // The busy host does not hand its place on within itself; both look for it.
  CHECK(busy.gate.release(1, start + 1ms).empty());
  CHECK(machine.taken == 0);
  CHECK(busy.gate.next_wake() == start + 22ms);
  CHECK(late.gate.admit_waiting(*late.gate.next_wake()) == Ids{1});
  // Nor does a new attempt take what is free while another host waits.
  CHECK(late.gate.release(1, start + 30ms).empty());
  CHECK(late.offer(3, start + 30ms) == OfferOutcome::queued);
  CHECK(busy.gate.admit_waiting(*busy.gate.next_wake()) == Ids{2});
}

TEST_CASE("provider gate sharing: a pause that one host was asked for holds for all", "[policy]") {
  Machine machine;
  Host one(machine, 1), other(machine, 2);
  one.gate.pause(10s, start);
  CHECK(other.offer(1, start) == OfferOutcome::queued);
  CHECK(other.gate.next_wake() == start + 10s);
  machine.now = start + 10s;
  CHECK(other.gate.admit_waiting(start + 10s) == Ids{1});
}

TEST_CASE("provider gate sharing: a lowered concurrency holds for all, and any host raises it", "[policy]") {
  Machine machine;
  Host one(machine, 1, 4), other(machine, 2, 4);
  one.offer(1, start);
  one.offer(2, start);
  other.offer(1, start);
  one.gate.lower_concurrency(2, start + 1s);
  CHECK(one.gate.concurrency() == 2);  // three ran, in both hosts
  CHECK(other.offer(2, start + 2s) == OfferOutcome::queued);
  CHECK(other.gate.concurrency() == 2);
  other.gate.lower_concurrency(1, start + 3s);  // of the same burst
  CHECK(machine.concurrency == 2u);
  other.gate.succeeded();
  other.gate.succeeded();
  CHECK(machine.concurrency == 3u);
}

TEST_CASE("provider gate sharing: a gate that goes gives its places back and waits no more", "[policy]") {
  Machine machine;
  {
    Host one(machine, 1);
    for (std::uint64_t id = 1; id <= 3; ++id) one.offer(id, start);
    CHECK(machine.taken == 2);
    CHECK(machine.waiting.size() == 1);
  }
  CHECK(machine.taken == 0);
  CHECK(machine.waiting.empty());
}

TEST_CASE("provider gate sharing: whatever hosts do, places stay within bounds and everybody is served",
          "[policy]") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    Machine machine;
    const auto places = static_cast<std::uint32_t>(1 + random.below(4));
    std::vector<std::unique_ptr<Host>> hosts;
    for (int i = 0; i < 3; ++i) hosts.push_back(std::make_unique<Host>(machine, i + 1, places));
    std::map<int, std::set<std::uint64_t>> running, waiting;
    std::uint64_t last = 0;
    TimePoint now = start;
    const auto look = [&](int host) {
      ProviderGateCore& gate = hosts[static_cast<std::size_t>(host)]->gate;
      for (const std::uint64_t id : gate.admit_waiting(now)) {
        CHECK(waiting[host].erase(id) == 1);
        running[host].insert(id);
      }
    };
    for (int step = 0; step < 200; ++step) {
      now += 1ms * static_cast<int>(random.below(30));
      machine.now = now;
      const int host = static_cast<int>(random.below(3));
      ProviderGateCore& gate = hosts[static_cast<std::size_t>(host)]->gate;
      if (random.below(2) == 0) {
        const auto outcome = gate.offer(++last, 0, Deadline(now + 1h), now).outcome;
        if (outcome == OfferOutcome::admitted) running[host].insert(last);
        if (outcome == OfferOutcome::queued) waiting[host].insert(last);
      } else if (!running[host].empty()) {
        const std::uint64_t id = *running[host].begin();
        running[host].erase(id);
        for (const std::uint64_t next : gate.release(id, now)) {
          waiting[host].erase(next);
          running[host].insert(next);
        }
      }
      for (int each = 0; each < 3; ++each) {
        const auto wake = hosts[static_cast<std::size_t>(each)]->gate.next_wake();
        if (wake && *wake <= now) look(each);
      }
      std::size_t all = 0;
      for (const auto& [_, ids] : running) all += ids.size();
      REQUIRE(all == machine.taken);
      REQUIRE(all <= places);
    }
    // Everything ends: then nobody waits for long.
    for (int round = 0; round < 1000; ++round) {
      now += 25ms;
      machine.now = now;
      for (int each = 0; each < 3; ++each) {
        ProviderGateCore& gate = hosts[static_cast<std::size_t>(each)]->gate;
        while (!running[each].empty()) {
          const std::uint64_t id = *running[each].begin();
          running[each].erase(id);
          for (const std::uint64_t next : gate.release(id, now)) {
            waiting[each].erase(next);
            running[each].insert(next);
          }
        }
        if (const auto wake = gate.next_wake(); wake && *wake <= now) look(each);
      }
    }
    for (const auto& [_, ids] : waiting) REQUIRE(ids.empty());
  }
}
