// The simulator's checks can fail: each is shown a world that breaks it.
#include "sim_ledger.hpp"

#include "call/journal_file.hpp"
#include "catch.hpp"
#include "sim_limits.hpp"
#include "sim_loop.hpp"

using namespace toolpost;
using namespace toolpost::sim;

namespace {

constexpr const char* kRequest = R"({"part":"chat"})";

JournalEntry entry(const std::string& kind, const std::string& request) {
  JournalEntry made;
  made.kind = kind;
  made.request = request;
  made.digest = "d";
  return made;
}
JournalEntry sent() {
  JournalEntry made = entry("http", kRequest);
  made.sent = true;
  return made;
}
JournalEntry done(JournalEntry made) {
  made.done = true;
  made.result = R"({"status":200})";
  made.done_order = 1;
  return made;
}

/// A disk with the journal of a durable call, "r".
struct Disk {
  SimJournals journals;
  SimLedger ledger;

  explicit Disk(bool resends = false) : ledger(resends) { add("r"); }
  void add(const std::string& id, bool durable = true) {
    JournalHeader header;
    header.call_id = id;
    journals[id] = {{id, id.substr(0, id.find('.')), "local:1", "wanted", header_line(header), durable},
                    {},
                    {},
                    "host1",
                    1,
                    1};
  }
  void put(const std::string& id, std::uint32_t index, const JournalEntry& entry) {
    journals.at(id).entries[index] = entry_line(entry);
  }
  void commit(JournalChanges changes, std::vector<ValuePut> puts = {}, const std::string& lease = "host1") {
    StoreBatch batch;
    batch.journal = std::move(changes);
    batch.puts = std::move(puts);
    batch.lease = lease;
    ledger.before_commit(batch, journals);
  }
  /// A provider call of it asks a model, rightly.
  void ask() {
    add("r.0");
    put("r.0", 0, sent());
    ledger.asks("r.0", kRequest, journals);
  }
  bool says(const std::string& what) const { return ledger.problem().find(what) != std::string::npos; }
};

JournalEnd good_end() {
  return {"r", outcome_line(Errc::ok, "", {{"application/json", "{}"}})};
}
ValuePut value(const std::string& mark) {
  return {"test.one", "k", "\"" + mark + "\""};
}

}  // namespace

TEST_CASE("ledger: an answer that reached the disk is not asked for again", "[simulator]") {
  Disk disk;
  disk.ask();
  disk.ledger.answered("r.0", kRequest);
  SECTION("in the same host") {}
  SECTION("in another, when it is in the provider call's journal") {
    disk.put("r.0", 0, done(sent()));
    disk.ledger.host_died(disk.journals);
  }
  SECTION("in another, when it is in the asking call's") {
    disk.put("r", 0, done(entry("provider", "{}")));
    disk.journals.erase("r.0");
    disk.ledger.host_died(disk.journals);
  }
  disk.ledger.asks("r.0", kRequest, disk.journals);
  CHECK(disk.says("asked again although answered"));
}

TEST_CASE("ledger: what was sent and not answered is asked for again only with resend", "[simulator]") {
  const bool resends = GENERATE(false, true);
  Disk disk(resends);
  disk.ask();
  if (GENERATE(false, true)) disk.ledger.answered("r.0", kRequest);  // and the answer was lost with the host
  disk.ledger.host_died(disk.journals);
  CHECK(disk.ledger.doubts() == 1);
  disk.ledger.asks("r.0", kRequest, disk.journals);
  CHECK(disk.says("although in doubt") == !resends);
  CHECK(disk.ledger.problem().empty() == resends);
}

TEST_CASE("ledger: a durable call asks when the disk knows, and not before", "[simulator]") {
  Disk disk;
  disk.ask();
  CHECK(disk.ledger.problem().empty());
  disk.ledger.asks("r.1", kRequest, disk.journals);
  CHECK(disk.says("before the disk knew"));
}

TEST_CASE("ledger: an ended call stays as it ended", "[simulator]") {
  Disk disk;
  disk.commit({good_end()});
  disk.journals.at("r").outcome = good_end().outcome;
  disk.commit({good_end()});  // the deadline, while the end was on its way
  CHECK(disk.ledger.problem().empty());
  SECTION("in another host, too") {
    disk.commit({good_end()}, {}, "host2");
    CHECK(disk.says("ended again in another host"));
  }
  SECTION("and does nothing more") {
    disk.commit({JournalPut{"r", 0, "{}"}}, {}, "host2");
    CHECK(disk.says("goes on in another host"));
  }
}

TEST_CASE("ledger: a durable call ends, and is dropped before only if nobody wants it", "[simulator]") {
  Disk disk;
  SECTION("one that nobody ran to its end") {
    disk.ledger.world_ends(disk.journals);
    CHECK(disk.says("never ended"));
  }
  SECTION("one that was dropped") {
    disk.commit({JournalDrop{"r"}});
    CHECK(disk.says("dropped before it ended"));
  }
  SECTION("one that was cancelled") {
    disk.ledger.may_drop("wanted");
    disk.commit({JournalDrop{"r"}});
    CHECK(disk.ledger.problem().empty());
  }
}

TEST_CASE("ledger: a call does not begin anew while the disk has it", "[simulator]") {
  Disk disk;
  const bool jumped = GENERATE(false, true);
  if (jumped) disk.ledger.wall_clock_jumped();
  disk.commit({JournalBegin{"s", "s", "local:1", "wanted", "", true}}, {}, "host2");
  CHECK(disk.says("began anew") == !jumped);
}

TEST_CASE("ledger: what a durable call defers is left once, whole, and with a good end", "[simulator]") {
  Disk disk;
  disk.put("r", 0, done(entry("store.put", "{}")));
  SECTION("rightly") {
    disk.commit({good_end()}, {value("durable.1")});
    CHECK(disk.ledger.problem().empty());
    disk.commit({}, {value("durable.1")}, "host2");
    CHECK(disk.says("behind twice"));
  }
  SECTION("twice at once") {
    disk.commit({good_end()}, {value("durable.1"), value("durable.1")});
    CHECK(disk.says("deferred the same twice"));
  }
  SECTION("not") {
    disk.commit({good_end()});
    CHECK(disk.says("deferred 1 changes, and left 0"));
  }
  SECTION("without an end") {
    disk.commit({}, {value("durable.1")});
    CHECK(disk.says("without its end"));
  }
  SECTION("with a bad end") {
    disk.commit({JournalEnd{"r", outcome_line(Errc::crashed, "signal 11", {})}}, {value("durable.1")});
    CHECK(disk.says("without its end"));
  }
}

TEST_CASE("ledger: what any other call defers is left with the end of its journal", "[simulator]") {
  Disk disk;
  JournalHeader header;
  header.request = R"({"nonce":17,"steps":[]})";
  disk.add("s", false);
  disk.journals.at("s").begin.header = header_line(header);
  SECTION("rightly") {
    disk.commit({JournalDrop{"s"}}, {value("fleeting.17.0")});
    disk.commit({}, {value("fleeting.18.0")});  // of a call that has no journal
    CHECK(disk.ledger.problem().empty());
  }
  SECTION("without it") {
    disk.commit({}, {value("fleeting.17.0")});
    CHECK(disk.says("without the end of its journal"));
  }
}

TEST_CASE("limits: queues, retry budgets and attempts", "[simulator]") {
  CHECK(beyond(QueueSeen{"p0", 64, 64}).empty());
  CHECK_FALSE(beyond(QueueSeen{"p0", 65, 64}).empty());
  CHECK(beyond(BudgetSeen{"p0/m0", 0, 20}).empty());
  CHECK(beyond(BudgetSeen{"p0/m0", 20, 20}).empty());
  CHECK_FALSE(beyond(BudgetSeen{"p0/m0", -0.2, 20}).empty());
  CHECK_FALSE(beyond(BudgetSeen{"p0/m0", 20.2, 20}).empty());
  AttemptCounts attempts;
  for (std::uint64_t attempt = 1; attempt <= 2; ++attempt) {
    attempts.see(attempt, "r.0");
    CHECK(attempts.beyond(2).empty());
  }
  attempts.see(2, "r.0");  // it still runs
  attempts.see(3, "r.1");
  CHECK(attempts.beyond(2).empty());
  attempts.see(4, "r.0");
  CHECK_FALSE(attempts.beyond(2).empty());
}

TEST_CASE("host loop: what a dead host had posted or armed does not run, and a forgotten timer shows",
          "[simulator]") {
  VirtualLoop world;
  int ran = 0;
  {
    HostLoop host(world);
    host.post([&] { ++ran; });
    TimerId kept = host.after(Millis(1), [&] { ++ran; });
    host.after(Millis(2), [&] { ++ran; });
    host.cancel(kept);
    host.cancel(kept);
    CHECK(host.timers() == 1);
  }
  while (world.step(world.now() + Millis(10))) {
  }
  CHECK(ran == 0);
}
