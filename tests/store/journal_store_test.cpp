// The journals' part of the store, and the locks that tell dead hosts from living ones.
#include <sqlite3.h>

#include <sys/wait.h>
#include <unistd.h>
#include <filesystem>

#include "store/host_lease.hpp"
#include "store/store_file.hpp"
#include "store/store_schema.hpp"
#include "store_world.hpp"

using namespace toolpost;

namespace {

const std::string kCall = "00000000000000000000000000000001";
const std::string kServed = kCall + ".3";

StoreBatch changes(JournalChanges journal, std::int64_t now = kNow, const std::string& lease = "aa") {
  StoreBatch batch;
  batch.now_ms = now;
  batch.journal = std::move(journal);
  batch.lease = lease;
  return batch;
}
JournalBegin begin(const std::string& id, const std::string& root, const std::string& owner = "ann") {
  return {id, root, owner, "wanted", "header of " + id + "\n", false};
}
std::vector<StoredJournal> load(Store& store, const std::string& owner = "ann") {
  auto journals = store.load_journal(owner, kCall);
  REQUIRE(journals);
  return *journals;
}

}  // namespace

TEST_CASE("journals: entries are kept in order, replaced, and read with those of what serves the call",
          "[store]") {
  const StoreWorld world;
  REQUIRE(world.open()->commit(
      changes({begin(kCall, kCall), JournalPut{kCall, 0, "a\n"}, JournalPut{kCall, 1, "b\n"},
               begin(kServed, kCall), JournalPut{kServed, 0, "c\n"}})));
  REQUIRE(world.open()->commit(changes({JournalPut{kCall, 0, "A\n"}}, kNow + 5)));
  const auto store = world.open();
  const auto journals = load(*store);
  REQUIRE(journals.size() == 2);
  CHECK(journals[0].text == "header of " + kCall + "\nA\nb\n");
  CHECK(journals[1].id == kServed);
  CHECK(journals[1].text == "header of " + kServed + "\nc\n");
  const auto heads = store->journals("ann");
  REQUIRE(heads);
  REQUIRE(heads->size() == 1);
  CHECK(heads->front().id == kCall);
  CHECK(heads->front().lease == "aa");
  CHECK(heads->front().created_ms == kNow);
  CHECK(heads->front().changed_ms == kNow + 5);
  CHECK(heads->front().bytes == 6);
  CHECK_FALSE(heads->front().ended);
}

TEST_CASE("journals: nobody sees another owner's", "[store]") {
  const StoreWorld world;
  const auto store = world.open();
  REQUIRE(store->commit(changes({begin(kCall, kCall)})));
  CHECK(load(*store, "bob").empty());
  CHECK(store->journals("bob")->empty());
}

TEST_CASE("journals: one that begins again has none of its old entries", "[store]") {
  const StoreWorld world;
  const auto store = world.open();
  REQUIRE(
      store->commit(changes({begin(kCall, kCall), begin(kServed, kCall), JournalPut{kServed, 0, "old\n"}})));
  REQUIRE(store->commit(changes({begin(kServed, kCall)})));
  CHECK(load(*store)[1].text == "header of " + kServed + "\n");
}

TEST_CASE("journals: an ended one keeps its outcome and nothing of what served it; a dropped one is gone",
          "[store]") {
  const StoreWorld world;
  const auto store = world.open();
  REQUIRE(
      store->commit(changes({begin(kCall, kCall), begin(kServed, kCall), JournalPut{kServed, 0, "c\n"}})));
  REQUIRE(store->commit(changes({JournalEnd{kCall, "outcome\n"}})));
  const auto journals = load(*store);
  REQUIRE(journals.size() == 1);
  CHECK(journals[0].outcome == "outcome\n");
  CHECK(journals[0].text == "header of " + kCall + "\noutcome\n");
  CHECK(store->journals("ann")->front().ended);
  REQUIRE(store->commit(changes({JournalDrop{kCall}})));
  CHECK(load(*store).empty());
}

TEST_CASE(
    "journals: an entry without its journal, or a journal without its call, stores nothing of its batch",
    "[store]") {
  const StoreWorld world;
  const auto store = world.open();
  StoreBatch batch = turn("{\"n\":1}");
  batch.journal = {JournalPut{kCall, 0, "a\n"}};
  CHECK_FALSE(store->commit(batch));
  CHECK(store->read_thread("ann", kThread, kNow).error().code == Errc::not_found);
  CHECK_FALSE(store->commit(changes({begin(kServed, kCall)})));
}

TEST_CASE("journals: the end of a call and its thread's turn are stored together", "[store]") {
  const StoreWorld world;
  const auto store = world.open();
  REQUIRE(store->commit(changes({begin(kCall, kCall)})));
  StoreBatch batch = turn("{\"n\":1}");
  batch.journal = {JournalDrop{kCall}};
  REQUIRE(store->commit(batch));
  CHECK(load(*store).empty());
  CHECK(store->read_thread("ann", kThread, kNow));
}

TEST_CASE("journals: of two hosts that claim one, one gets it", "[store]") {
  const StoreWorld world;
  const auto one = world.open();
  const auto other = world.open();
  REQUIRE(one->commit(changes({begin(kCall, kCall), begin(kServed, kCall)})));
  CHECK(*one->claim_journal(kCall, "aa", "bb"));
  CHECK_FALSE(*other->claim_journal(kCall, "aa", "cc"));
  CHECK(one->journals("ann")->front().lease == "bb");
}

TEST_CASE("journals: forgotten when they have not changed for store.journal_ttl_ms, not before", "[store]") {
  StoreWorld world;
  world.settings.journal_ttl = Millis{60'000};
  const auto store = world.open();
  REQUIRE(store->commit(changes({begin(kCall, kCall), begin(kServed, kCall)})));
  REQUIRE(store->remove_expired(kNow + 60'000));
  CHECK(load(*store).size() == 2);
  REQUIRE(store->remove_expired(kNow + 60'001));
  CHECK(load(*store).empty());
}

TEST_CASE("journals: a full file refuses an entry clearly, and what was there stays whole", "[store]") {
  const StoreWorld world;
  SqliteOptions small;
  small.file_bytes_max = 256 << 10;
  const auto store = world.open(small);
  REQUIRE(store->commit(changes({begin(kCall, kCall), JournalPut{kCall, 0, "a\n"}})));
  const auto refused = store->commit(changes({JournalPut{kCall, 1, std::string(1 << 20, 'b')}}));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::exhausted);
  CHECK(says(refused.error(), "free space"));
  CHECK(load(*store)[0].text == "header of " + kCall + "\na\n");
  CHECK(store->commit(changes({JournalPut{kCall, 1, "b\n"}})));
}

TEST_CASE("store file: one of schema 1 is brought to the present one with its threads", "[store]") {
  const StoreWorld world;
  REQUIRE(prepare_store_file(world.file));
  sqlite3* old = nullptr;
  REQUIRE(sqlite3_open(world.file.c_str(), &old) == SQLITE_OK);
  REQUIRE(sqlite3_exec(old, kStoreSchemaSteps[0], nullptr, nullptr, nullptr) == SQLITE_OK);
  REQUIRE(sqlite3_exec(old,
                       "PRAGMA user_version = 1; INSERT INTO threads VALUES "
                       "('0123456789abcdef0123456789abcdef', 'ann', 1, 9000000000000, 0, 0)",
                       nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(old);
  const auto store = world.open();
  CHECK(store->read_thread("ann", kThread, kNow));
  CHECK(store->commit(changes({begin(kCall, kCall)})));
}

TEST_CASE("host lease: held while its host lives, free when it is gone, however that went", "[store]") {
  const StoreWorld world;
  const std::string file = world.folder + "/leases/abc123";
  {
    const auto lease = HostLease::take(world.folder, "abc123");
    REQUIRE(lease);
    CHECK(HostLease::is_held(world.folder, "abc123"));
    CHECK(HostLease::take(world.folder, "ffff"));
    CHECK(HostLease::is_held(world.folder, "abc123"));
  }
  CHECK_FALSE(HostLease::is_held(world.folder, "abc123"));
  CHECK_FALSE(std::filesystem::exists(file));
  const pid_t pid = fork();
  if (pid == 0) {
    const auto lease = HostLease::take(world.folder, "abc123");
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  REQUIRE(WIFSIGNALED(status));
  CHECK(std::filesystem::exists(file));
  CHECK_FALSE(HostLease::is_held(world.folder, "abc123"));
  // Its name stays for an hour, for hosts that live.
  const auto own = HostLease::take(world.folder, "dddd");
  {
    const auto other = HostLease::take(world.folder, "eeee");  // it answers all that it is asked
  }
  CHECK(own->dead() == std::set<std::string>{"abc123"});
  CHECK_FALSE(std::filesystem::exists(file));
  {
    auto other = HostLease::take(world.folder, "ffff");
    // A host may have lived for long: the hour begins with its end.
    std::filesystem::last_write_time(world.folder + "/leases/ffff",
                                     std::filesystem::file_time_type::clock::now() - std::chrono::hours(2));
    other->leave_calls();
  }
  CHECK(own->dead() == std::set<std::string>{"abc123", "ffff"});
  const std::string trace = world.folder + "/leases/dead.abc123";
  std::filesystem::last_write_time(trace,
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(2));
  CHECK(HostLease::take(world.folder, "aaaa"));
  CHECK(own->dead() == std::set<std::string>{"ffff"});
  CHECK_FALSE(HostLease::is_held(world.folder, "../../etc/passwd"));
  CHECK_FALSE(HostLease::is_held(world.folder, ""));
  CHECK_FALSE(HostLease::take(world.folder, "UPPER"));
}
