// The operator's side of threads: what is listed, loaded whole and forgotten, and whose it is.
#include "store_world.hpp"

using namespace toolpost;
using Which = ThreadRemoval::Which;

namespace {

std::unique_ptr<SqliteStore> in_memory(const StoreSettings& settings = {}) {
  return std::move(SqliteStore::open(":memory:", settings)).value();
}

std::vector<std::string> ids(const ThreadList& list) {
  std::vector<std::string> out;
  for (const ThreadHead& head : list.heads) out.push_back(head.id);
  return out;
}

}  // namespace

TEST_CASE("threads: the one used last comes first, and no more than the limit", "[store][threads]") {
  const auto store = in_memory();
  REQUIRE(store->commit(turn("{}", "", kNow, "ann", "a")));
  REQUIRE(store->commit(turn("{}", "", kNow + 1, "ann", "b")));
  REQUIRE(store->commit(turn("{}", "", kNow + 2, "ann", "c")));
  REQUIRE(store->commit(turn("{}", "", kNow + 3, "ann", "a")));
  const auto all = store->threads("ann", kNow + 3, 100);
  REQUIRE(all);
  CHECK(ids(*all) == std::vector<std::string>{"a", "c", "b"});
  const auto two = store->threads("ann", kNow + 3, 2);
  CHECK(ids(*two) == std::vector<std::string>{"a", "c"});
  CHECK(two->alive == 3);
  CHECK(two->expired == 0);
}

TEST_CASE("threads: a head says turns, bytes, tool, models and times", "[store][threads]") {
  const auto store = in_memory();
  REQUIRE(store->commit(turn(R"({"model":"m1"})", "[1]")));
  REQUIRE(store->commit({"ann", kNow + 7, {{kThread, "debug", R"({"model":"m2"})", ""}}, {}}));
  REQUIRE(store->commit({"ann", kNow + 9, {{kThread, "debug", R"({"model":"m1"})", ""}}, {}}));
  // What any plugin may store: no object, no text, nothing.
  for (const char* odd : {"1", R"({"model":7})", R"({"model":""})", "{}"})
    REQUIRE(store->commit({"ann", kNow + 11, {{kThread, "tracer", odd, ""}}, {}}));
  const ThreadHead head = store->threads("ann", kNow, 1)->heads.at(0);
  CHECK(head.last_tool == "tracer");
  CHECK(head.models == std::vector<std::string>{"m1", "m2"});
  CHECK(head.turns == 7);
  CHECK(head.bytes == 113);
  CHECK(head.created_ms == kNow);
  CHECK(head.used_ms == kNow + 11);
  CHECK(head.expires_ms == kNow + 11 + StoreSettings{}.thread_ttl.count());
}

TEST_CASE("threads: one is loaded with every turn as it was stored, and each state", "[store][threads]") {
  const auto store = in_memory();
  REQUIRE(store->commit(turn(R"({"n":1})", R"({"step":1})")));
  REQUIRE(store->commit({"ann", kNow + 5, {{kThread, "debug", R"({"n":2})", "[]"}}, {}}));
  const auto thread = store->load_thread("ann", kThread, kNow + 5);
  REQUIRE(thread);
  CHECK(thread->head.id == kThread);
  REQUIRE(thread->turns.size() == 2);
  CHECK(thread->turns[0].tool == "chat");
  CHECK(thread->turns[0].json == R"({"n":1})");
  CHECK(thread->turns[1].number == 2);
  CHECK(thread->turns[1].created_ms == kNow + 5);
  REQUIRE(thread->states.size() == 2);
  CHECK(thread->states[0].json == R"({"step":1})");
  CHECK(thread->states[1].tool == "debug");
}

TEST_CASE("threads: foreign and expired ones are neither listed, loaded nor deleted by id",
          "[store][threads]") {
  StoreSettings settings;
  settings.thread_ttl = Millis{60'000};
  const auto store = in_memory(settings);
  REQUIRE(store->commit(turn("{}")));
  const std::int64_t late = kNow + 60'000;
  const std::string unknown = store->read_thread("ann", "none", kNow).error().message;
  for (const auto& [owner, now] : {std::pair("bob", kNow), std::pair("ann", late)}) {
    CHECK(store->threads(owner, now, 9)->heads.empty());
    const Error loaded = store->load_thread(owner, kThread, now).error();
    CHECK(loaded.code == Errc::not_found);
    CHECK(loaded.message == store->read_thread(owner, kThread, now).error().message);
    CHECK(store->remove_threads(owner, {Which::named, {kThread}}, now).error().code == Errc::not_found);
  }
  CHECK(store->load_thread("ann", "a b", kNow).error().code == Errc::not_found);
  CHECK(store->load_thread("ann", "none", kNow).error().message == unknown);
  CHECK(store->threads("ann", late, 9)->expired == 1);
  CHECK(store->threads("bob", late, 9)->expired == 0);
  CHECK(store->load_thread("ann", kThread, late - 1));
}

TEST_CASE("threads: deleting takes all that are named, or none", "[store][threads]") {
  const auto store = in_memory();
  for (const char* id : {"a", "b", "c"}) REQUIRE(store->commit(turn("{}", "1", kNow, "ann", id)));
  const Error error = store->remove_threads("ann", {Which::named, {"a", "none"}}, kNow).error();
  CHECK(error.code == Errc::not_found);
  CHECK(says(error, "thread none is unknown or has expired"));
  CHECK(store->load_thread("ann", "a", kNow));
  CHECK(*store->remove_threads("ann", {Which::named, {"a", "b", "a"}}, kNow) == 2);
  CHECK(ids(*store->threads("ann", kNow, 9)) == std::vector<std::string>{"c"});
  // Turns and states went with it: the id begins anew.
  REQUIRE(store->commit(turn("{}", "", kNow, "ann", "a")));
  CHECK(store->load_thread("ann", "a", kNow)->turns.size() == 1);
  CHECK(store->load_thread("ann", "a", kNow)->states.empty());
}

TEST_CASE("threads: --expired and --all take an owner's own only", "[store][threads]") {
  StoreSettings settings;
  settings.thread_ttl = Millis{60'000};
  const auto store = in_memory(settings);
  REQUIRE(store->commit(turn("{}", "", kNow, "ann", "old")));
  REQUIRE(store->commit(turn("{}", "", kNow + 9, "ann", "new")));
  REQUIRE(store->commit(turn("{}", "", kNow, "bob", "his")));
  const std::int64_t then = kNow + 60'000;
  CHECK(*store->remove_threads("ann", {Which::expired}, then - 1) == 0);
  CHECK(*store->remove_threads("ann", {Which::expired}, then) == 1);
  CHECK(store->threads("ann", then, 9)->expired == 0);
  CHECK(*store->remove_threads("ann", {Which::all}, then) == 1);
  CHECK(store->load_thread("bob", "his", kNow));
}

TEST_CASE("threads: what is deleted beside a host is gone for its calls", "[store][threads]") {
  const StoreWorld world;
  const auto host = world.open();
  REQUIRE(host->commit(turn("{}")));
  const auto operator_store = world.open();
  CHECK(operator_store->threads("ann", kNow, 9)->heads.size() == 1);
  CHECK(*operator_store->remove_threads("ann", {Which::named, {kThread}}, kNow) == 1);
  CHECK(host->read_thread("ann", kThread, kNow).error().code == Errc::not_found);
  StoreBatch going_on = turn("{}");
  going_on.appends[0].unknown = UnknownThread::refuse;
  CHECK(host->commit(going_on).error().code == Errc::not_found);
}
