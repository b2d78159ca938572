// Thousands of random operations on AdmissionCore against a model that knows only what a caller can see.
#include <map>
#include <set>

#include "base/random.hpp"
#include "catch.hpp"
#include "policy/admission_core.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {

struct Known {
  std::uint32_t owner;
  std::uint32_t plugin;
  bool running;
  std::uint64_t number;
  Deadline deadline;
  TimePoint since;
};

class Model {
 public:
  Model(SeededRandom& random, const AdmissionSettings& settings)
      : random_(random), settings_(settings), core_(settings) {
    core_.set_plugin_limit(1, 2, "plugins.\"one\".calls_max");
  }

  void step() {
    now_ += Duration(random_.below(200'000'000));
    switch (random_.below(8)) {
      case 0:
      case 1:
      case 2:
      case 3:
        offer();
        break;
      case 4:
      case 5:
        release();
        break;
      case 6:
        withdraw();
        break;
      default:
        expire();
    }
    check();
  }
  /// Lets everything end; afterwards no call may be left.
  void finish() {
    while (!known_.empty()) {
      now_ += 1s;
      expire();
      release();
      check();
    }
    CHECK(offered_ == ended_);
    CHECK_FALSE(core_.next_expiry().has_value());
  }
  std::uint64_t from_queue() const { return from_queue_; }

 private:
  std::uint32_t plugin_max(std::uint32_t plugin) const {
    return plugin == 1 ? 2 : settings_.plugin_calls_max;
  }

  void offer() {
    const std::uint64_t id = random_.next();
    // Owner 0 is the busy one.
    const auto owner = random_.below(2) == 0 ? 0u : static_cast<std::uint32_t>(random_.below(6));
    const auto plugin = static_cast<std::uint32_t>(random_.below(4));
    const Deadline deadline(now_ + Millis(random_.below(20'000)));
    ++offered_;
    const Offer answer = core_.offer(id, owner, plugin, deadline, now_);
    REQUIRE((answer.outcome == OfferOutcome::refused) == answer.refusal.has_value());
    if (answer.outcome == OfferOutcome::refused) {
      REQUIRE(answer.refusal->message.rfind("admission: ", 0) == 0);
      if (answer.refusal->code == Errc::shed) REQUIRE(answer.refusal->retry_after > 0ms);
      ++ended_;
      return;
    }
    known_.emplace(id,
                   Known{owner, plugin, answer.outcome == OfferOutcome::admitted, ++number_, deadline, now_});
  }
  void release() {
    std::vector<std::uint64_t> running;
    for (const auto& [id, call] : known_)
      if (call.running) running.push_back(id);
    if (running.empty()) return;
    const std::uint64_t gone = running[random_.below(running.size())];
    known_.erase(gone);
    ++ended_;
    for (const std::uint64_t id : core_.release(gone, now_)) {
      const auto call = known_.find(id);
      REQUIRE(call != known_.end());
      REQUIRE_FALSE(call->second.running);
      REQUIRE(now_ < call->second.deadline.at());
      REQUIRE(now_ < call->second.since + settings_.queue_wait_max);
      // First come, first served among those that are alike.
      for (const auto& [other, waiter] : known_)
        if (!waiter.running && waiter.owner == call->second.owner && waiter.plugin == call->second.plugin &&
            now_ < waiter.since + settings_.queue_wait_max && now_ + 250ms < waiter.deadline.at())
          REQUIRE(call->second.number <= waiter.number);
      call->second.running = true;
      ++from_queue_;
    }
  }
  void withdraw() {
    if (known_.empty()) return;
    auto call = known_.begin();
    std::advance(call, static_cast<std::ptrdiff_t>(random_.below(known_.size())));
    REQUIRE(core_.withdraw(call->first) == !call->second.running);
    if (call->second.running) return;
    known_.erase(call);
    ++ended_;
  }
  void expire() {
    for (const ExpiredWait& over : core_.expire(now_)) {
      const auto call = known_.find(over.id);
      REQUIRE(call != known_.end());
      REQUIRE_FALSE(call->second.running);
      known_.erase(call);
      ++ended_;
    }
    const auto next = core_.next_expiry();
    REQUIRE((!next || *next > now_));
  }
  void check() {
    std::uint32_t running = 0;
    std::map<std::uint32_t, std::uint32_t> of_owner, of_plugin;
    for (const auto& [id, call] : known_) {
      if (!call.running) continue;
      ++running;
      ++of_owner[call.owner];
      ++of_plugin[call.plugin];
    }
    REQUIRE(core_.running() == running);
    REQUIRE(running <= settings_.calls_max);
    REQUIRE(core_.waiting() <= settings_.queue_size_max);
    for (const auto& [owner, count] : of_owner) REQUIRE(count <= settings_.owner_calls_max);
    for (const auto& [plugin, count] : of_plugin) REQUIRE(count <= plugin_max(plugin));
    // No place stays empty while somebody waits who could take it.
    if (running == settings_.calls_max) return;
    for (const auto& [id, call] : known_)
      if (!call.running && now_ < call.since + settings_.queue_wait_max && now_ + 250ms < call.deadline.at())
        REQUIRE((of_owner[call.owner] == settings_.owner_calls_max ||
                 of_plugin[call.plugin] == plugin_max(call.plugin)));
  }

  SeededRandom& random_;
  const AdmissionSettings settings_;
  AdmissionCore core_;
  TimePoint now_{1h};
  std::map<std::uint64_t, Known> known_;
  std::uint64_t number_ = 0, offered_ = 0, ended_ = 0, from_queue_ = 0;
};

}  // namespace

TEST_CASE("admission: under random use limits hold, no place idles, and every call ends exactly once",
          "[policy]") {
  SeededRandom random(41);
  std::uint64_t from_queue = 0;
  for (int round = 0; round < 60; ++round) {
    AdmissionSettings settings;
    settings.calls_max = 1 + static_cast<std::uint32_t>(random.below(12));
    settings.owner_calls_max = 1 + static_cast<std::uint32_t>(random.below(6));
    settings.plugin_calls_max = 1 + static_cast<std::uint32_t>(random.below(6));
    settings.queue_size_max = static_cast<std::uint32_t>(random.below(24));
    settings.queue_wait_max = Millis(random.below(10'000));
    Model model(random, settings);
    for (int step = 0; step < 600; ++step) model.step();
    model.finish();
    from_queue += model.from_queue();
  }
  CHECK(from_queue > 1'000);  // the rounds did exercise the queue
}

TEST_CASE("admission: nobody who waits sees another owner served from the queue twice before it",
          "[policy]") {
  SeededRandom random(43);
  for (int round = 0; round < 40; ++round) {
    AdmissionSettings settings;
    settings.calls_max = 1 + static_cast<std::uint32_t>(random.below(6));
    settings.owner_calls_max = settings.plugin_calls_max =
        settings.calls_max;  // so that everybody could always run
    settings.queue_size_max = 200;
    settings.queue_wait_max = 600s;
    AdmissionCore core(settings);
    const TimePoint now{1h};
    std::map<std::uint64_t, std::uint32_t> waiting;  // id to owner
    std::vector<std::uint64_t> running;
    std::map<std::pair<std::uint32_t, std::uint32_t>, int> served_before;  // (waiting owner, served owner)
    std::uint64_t last = 0;
    for (int step = 0; step < 1'000; ++step) {
      if (random.below(2) == 0) {
        const auto owner = random.below(3) != 0 ? 0u : static_cast<std::uint32_t>(1 + random.below(8));
        const Offer offer = core.offer(++last, owner, 0, Deadline(now + 1h), now);
        if (offer.outcome == OfferOutcome::admitted) running.push_back(last);
        if (offer.outcome == OfferOutcome::queued) waiting[last] = owner;
      } else if (!running.empty()) {
        const std::size_t at = random.below(running.size());
        const std::uint64_t gone = running[at];
        running.erase(running.begin() + static_cast<std::ptrdiff_t>(at));
        for (const std::uint64_t id : core.release(gone, now)) {
          const std::uint32_t served = waiting.at(id);
          waiting.erase(id);
          running.push_back(id);
          for (auto& [pair, times] : served_before)
            if (pair.first == served) times = 0;
          std::set<std::uint32_t> others;
          for (const auto& [waiter, owner] : waiting) others.insert(owner);
          others.erase(served);
          for (const std::uint32_t owner : others) REQUIRE(++served_before[{owner, served}] <= 1);
        }
      }
    }
  }
}
