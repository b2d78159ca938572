#include "policy/admission_core.hpp"

#include "catch.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {

const TimePoint start{1h};
const Deadline far{start + 1h};
using Ids = std::vector<std::uint64_t>;

AdmissionSettings small() {
  AdmissionSettings settings;
  settings.calls_max = 2;
  settings.owner_calls_max = 2;
  settings.plugin_calls_max = 2;
  settings.queue_size_max = 4;
  return settings;
}

bool says(const Offer& offer, const std::string& words) {
  return offer.refusal && offer.refusal->message.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("admission: runs calls_max at once, and a release lets the next one run", "[policy]") {
  AdmissionCore core(small());
  CHECK(core.offer(1, 0, 0, far, start).outcome == OfferOutcome::admitted);
  CHECK(core.offer(2, 1, 1, far, start).outcome == OfferOutcome::admitted);
  CHECK(core.offer(3, 2, 2, far, start).outcome == OfferOutcome::queued);
  CHECK(core.running() == 2);
  CHECK(core.waiting() == 1);
  CHECK(core.release(1, start + 1ms) == Ids{3});
  CHECK(core.release(1, start + 1ms).empty());
  CHECK(core.release(99, start + 1ms).empty());
  CHECK(core.running() == 2);
}

TEST_CASE("admission: an owner or plugin at its limit does not block those behind", "[policy]") {
  AdmissionSettings settings = small();
  settings.calls_max = 10;
  AdmissionCore core(settings);
  for (std::uint64_t id = 1; id <= 2; ++id)
    CHECK(core.offer(id, 0, 0, far, start).outcome == OfferOutcome::admitted);
  CHECK(core.offer(3, 0, 1, far, start).outcome == OfferOutcome::queued);  // owner 0 is full
  CHECK(core.offer(4, 1, 0, far, start).outcome == OfferOutcome::queued);  // plugin 0 is full
  CHECK(core.offer(5, 1, 1, far, start).outcome ==
        OfferOutcome::admitted);               // passes both, and its own owner's 4
  CHECK(core.release(1, start) == Ids{3, 4});  // one place for each limit
}

TEST_CASE("admission: inside an owner the oldest that can run goes first", "[policy]") {
  AdmissionSettings settings = small();
  settings.calls_max = 3;
  settings.owner_calls_max = 3;
  AdmissionCore core(settings);
  CHECK(core.offer(1, 0, 0, far, start).outcome == OfferOutcome::admitted);
  CHECK(core.offer(2, 1, 0, far, start).outcome == OfferOutcome::admitted);
  CHECK(core.offer(3, 1, 1, far, start).outcome == OfferOutcome::admitted);
  CHECK(core.offer(4, 0, 0, far, start).outcome == OfferOutcome::queued);
  CHECK(core.offer(5, 0, 1, far, start).outcome == OfferOutcome::queued);
  CHECK(core.offer(6, 0, 1, far, start).outcome == OfferOutcome::queued);
  CHECK(core.release(3, start) == Ids{5});  // 4 waits for plugin 0
  CHECK(core.release(1, start) == Ids{4});
  CHECK(core.release(5, start) == Ids{6});
}

TEST_CASE("admission: owners take turns", "[policy]") {
  AdmissionSettings settings = small();
  settings.calls_max = 1;
  settings.queue_size_max = 10;
  AdmissionCore core(settings);
  CHECK(core.offer(1, 0, 0, far, start).outcome == OfferOutcome::admitted);
  for (std::uint64_t id = 10; id < 14; ++id)
    CHECK(core.offer(id, 0, 0, far, start).outcome == OfferOutcome::queued);
  CHECK(core.offer(20, 1, 0, far, start).outcome == OfferOutcome::queued);
  CHECK(core.offer(30, 2, 0, far, start).outcome == OfferOutcome::queued);
  Ids order;
  for (Ids next = core.release(1, start); !next.empty(); next = core.release(next.front(), start))
    order.push_back(next.front());
  CHECK(order == Ids{10, 20, 30, 11, 12, 13});
}

TEST_CASE("admission: an owner that comes new does not go before one that waits already", "[policy]") {
  AdmissionSettings settings = small();
  settings.calls_max = 1;
  AdmissionCore core(settings);
  (void)core.offer(1, 0, 0, far, start);
  (void)core.offer(2, 1, 0, far, start);
  CHECK(core.release(1, start) == Ids{2});  // owner 1 was served, owner 2 never
  (void)core.offer(3, 1, 0, far, start);
  (void)core.offer(4, 2, 0, far, start);
  CHECK(core.release(2, start) == Ids{3});
}

TEST_CASE("admission: the queue is bounded over all owners and the refusal names both limits", "[policy]") {
  AdmissionCore core(small());
  for (std::uint64_t id = 1; id <= 2; ++id)
    CHECK(core.offer(id, 0, 0, far, start).outcome == OfferOutcome::admitted);
  for (std::uint64_t id = 3; id <= 6; ++id)
    CHECK(core.offer(id, static_cast<std::uint32_t>(id), 0, far, start).outcome == OfferOutcome::queued);
  const Offer refused = core.offer(7, 7, 7, far, start);
  REQUIRE(refused.outcome == OfferOutcome::refused);
  CHECK(refused.refusal->code == Errc::shed);
  CHECK(refused.refusal->retry_after > 0ms);
  CHECK(says(refused, "admission.calls_max = 2 calls run already and admission.queue_size_max = 4 wait"));
  CHECK(core.withdraw(3));
  CHECK(core.offer(7, 7, 7, far, start).outcome == OfferOutcome::queued);
}

TEST_CASE("admission: a queue of size 0 or a wait of 0 refuses instead of waiting", "[policy]") {
  AdmissionSettings settings = small();
  settings.queue_size_max = 0;
  AdmissionCore no_queue(settings);
  for (std::uint64_t id = 1; id <= 2; ++id) (void)no_queue.offer(id, 0, 0, far, start);
  CHECK(says(no_queue.offer(3, 0, 0, far, start), "admission.owner_calls_max = 2 calls of this owner"));

  settings = small();
  settings.queue_wait_max = 0ms;
  AdmissionCore no_wait(settings);
  for (std::uint64_t id = 1; id <= 2; ++id) (void)no_wait.offer(id, 0, 0, far, start);
  CHECK(says(no_wait.offer(3, 1, 1, far, start), "admission.queue_wait_max_ms = 0"));
}

TEST_CASE("admission: a plugin's own limit holds in place of the general one and is named", "[policy]") {
  AdmissionSettings settings = small();
  settings.calls_max = 10;
  settings.queue_size_max = 0;
  AdmissionCore core(settings);
  core.set_plugin_limit(3, 1, "plugins.\"debug\".calls_max");
  CHECK(core.offer(1, 0, 3, far, start).outcome == OfferOutcome::admitted);
  CHECK(says(core.offer(2, 1, 3, far, start),
             "plugins.\"debug\".calls_max = 1 calls of this plugin run already"));
  CHECK(core.offer(3, 1, 4, far, start).outcome == OfferOutcome::admitted);
  CHECK(core.offer(4, 2, 4, far, start).outcome == OfferOutcome::admitted);
  CHECK(says(core.offer(5, 3, 4, far, start), "admission.plugin_calls_max = 2"));
}

TEST_CASE("admission: a call with too little time left is refused at once, even with room", "[policy]") {
  AdmissionCore core(small());
  CHECK(core.offer(1, 0, 0, Deadline(start + 250ms), start).outcome == OfferOutcome::admitted);
  const Offer late = core.offer(2, 0, 0, Deadline(start + 249ms), start);
  REQUIRE(late.outcome == OfferOutcome::refused);
  CHECK(late.refusal->code == Errc::shed);
  CHECK(says(late, "249 ms are left of the deadline, a call needs 250 ms"));
  const Offer expired = core.offer(3, 0, 0, Deadline(start), start);
  CHECK(expired.refusal->code == Errc::deadline);
  AdmissionCore quick(small(), 0ms);
  CHECK(quick.offer(1, 0, 0, Deadline(start + 1ms), start).outcome == OfferOutcome::admitted);
}

TEST_CASE("admission: a call that would wait longer than allowed is refused at once, by the average so far",
          "[policy]") {
  AdmissionSettings settings = small();
  settings.calls_max = 1;
  AdmissionCore core(settings);
  (void)core.offer(1, 0, 0, far, start);
  (void)core.release(1, start + 2'500ms);  // the average is now 2.5 s
  const TimePoint now = start + 3s;
  CHECK(core.offer(2, 0, 0, far, now).outcome == OfferOutcome::admitted);
  CHECK(core.offer(3, 1, 0, far, now).outcome == OfferOutcome::queued);  // 2.5 s
  CHECK(core.offer(4, 2, 0, far, now).outcome == OfferOutcome::queued);  // 5 s, which is the limit
  const Offer refused = core.offer(5, 3, 0, far, now);                   // 7.5 s
  REQUIRE(refused.outcome == OfferOutcome::refused);
  CHECK(refused.refusal->retry_after == 7'500ms);
  CHECK(says(refused, "the expected wait of 7500 ms is over admission.queue_wait_max_ms = 5000"));
}

TEST_CASE("admission: a call that would not start before its deadline is refused at once", "[policy]") {
  AdmissionSettings settings = small();
  settings.calls_max = 1;
  AdmissionCore core(settings);
  (void)core.offer(1, 0, 0, far, start);
  (void)core.release(1, start + 2s);
  const TimePoint now = start + 2s;
  CHECK(core.offer(2, 0, 0, far, now).outcome == OfferOutcome::admitted);
  CHECK(says(core.offer(3, 1, 0, Deadline(now + 2'250ms), now),
             "expected wait of 2000 ms under 250 ms of the 2250 ms"));
  CHECK(core.offer(4, 1, 0, Deadline(now + 2'251ms), now).outcome == OfferOutcome::queued);
}

TEST_CASE("admission: a wait is over at queue_wait_max and is reported once", "[policy]") {
  AdmissionCore core(small());
  for (std::uint64_t id = 1; id <= 2; ++id) (void)core.offer(id, 0, 0, far, start);
  CHECK_FALSE(core.next_expiry().has_value());
  (void)core.offer(3, 1, 1, far, start + 1s);
  CHECK(core.next_expiry() == start + 6s);
  CHECK(core.expire(start + 6s - 1ns).empty());
  const auto over = core.expire(start + 6s);
  REQUIRE(over.size() == 1);
  CHECK(over[0].id == 3);
  CHECK(over[0].error.code == Errc::shed);
  CHECK(over[0].error.message.find("waited 5000 ms as admission.calls_max = 2 calls run already; "
                                   "admission.queue_wait_max_ms = 5000") != std::string::npos);
  CHECK(core.expire(start + 7s).empty());
  CHECK(core.offer(3, 1, 1, far, start + 7s).outcome == OfferOutcome::queued);  // the id is free again
}

TEST_CASE("admission: a wait that leaves too little of the deadline ends as a deadline", "[policy]") {
  AdmissionCore core(small());
  for (std::uint64_t id = 1; id <= 2; ++id) (void)core.offer(id, 0, 0, far, start);
  (void)core.offer(3, 0, 1, Deadline(start + 1'250ms), start);
  CHECK(core.next_expiry() == start + 1s);
  const auto over = core.expire(start + 1s);
  REQUIRE(over.size() == 1);
  CHECK(over[0].error.code == Errc::deadline);
  CHECK(over[0].error.message.find("admission.owner_calls_max = 2") != std::string::npos);
}

TEST_CASE("admission: a late release runs nobody whose wait is over, and expire still reports it",
          "[policy]") {
  AdmissionCore core(small());
  for (std::uint64_t id = 1; id <= 2; ++id) (void)core.offer(id, 0, 0, far, start);
  (void)core.offer(3, 1, 1, far, start);
  (void)core.offer(4, 1, 1, far, start + 1s);
  (void)core.offer(5, 2, 1, far, start);
  CHECK(core.release(1, start + 5s) == Ids{4});
  CHECK(core.next_expiry() == start + 5s);
  CHECK(core.withdraw(5));  // set aside, not yet reported
  CHECK_FALSE(core.withdraw(5));
  const auto over = core.expire(start + 5s);
  REQUIRE(over.size() == 1);
  CHECK(over[0].id == 3);
}

TEST_CASE("admission: withdraw takes out waiting calls only, from any place of the line", "[policy]") {
  AdmissionCore core(small());
  for (std::uint64_t id = 1; id <= 2; ++id) (void)core.offer(id, 0, 0, far, start);
  for (std::uint64_t id = 3; id <= 6; ++id) (void)core.offer(id, 1, 0, far, start);
  CHECK_FALSE(core.withdraw(1));
  CHECK_FALSE(core.withdraw(77));
  CHECK(core.withdraw(4));
  CHECK(core.withdraw(3));
  CHECK(core.withdraw(6));
  CHECK(core.release(1, start) == Ids{5});
  CHECK(core.waiting() == 0);
}

TEST_CASE("admission: an id in use is refused, whatever its state", "[policy]") {
  AdmissionCore core(small());
  for (std::uint64_t id = 1; id <= 3; ++id) (void)core.offer(id, 0, 0, far, start);
  for (std::uint64_t id = 1; id <= 3; ++id)
    CHECK(core.offer(id, 0, 0, far, start).refusal->code == Errc::internal);
}
