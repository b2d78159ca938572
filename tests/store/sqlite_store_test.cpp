#include "store/sqlite_store.hpp"

#include "store_world.hpp"

using namespace toolpost;

namespace {
std::unique_ptr<SqliteStore> in_memory(const StoreSettings& settings = {}) {
  return std::move(SqliteStore::open(":memory:", settings)).value();
}
}  // namespace

TEST_CASE("store: turns come back in order with the latest state of each tool", "[store]") {
  const auto store = in_memory();
  REQUIRE(store->commit(turn("{\"n\":1}", "{\"step\":1}")));
  REQUIRE(
      store->commit({"ann",
                     kNow + 5,
                     {{kThread, "debug", "{\"n\":2}", "[]"}, {kThread, "chat", "{\"n\":3}", "{\"step\":2}"}},
                     {}}));
  REQUIRE(store->commit(turn("{\"n\":4}")));
  const auto thread = store->read_thread("ann", kThread, kNow);
  REQUIRE(thread);
  CHECK(*thread == "{\"id\":\"" + std::string(kThread) + "\",\"created_ms\":1800000000000,\"expires_ms\":" +
                       std::to_string(kNow + StoreSettings{}.thread_ttl.count()) +
                       ",\"turns\":[{\"n\":1},{\"n\":2},{\"n\":3},{\"n\":4}],\"state\":{\"chat\":{\"step\":2}"
                       ",\"debug\":[]}}");
}

TEST_CASE("store: what was committed is there for the next host", "[store]") {
  const StoreWorld world;
  REQUIRE(
      world.open()->commit({"ann", kNow, {{kThread, "chat", "{\"n\":1}", ""}}, {{"notes", "k", "\"v\""}}}));
  const auto store = world.open();
  CHECK(count_turns(*store->read_thread("ann", kThread, kNow)) == 1);
  CHECK(*store->get_value("ann", "notes", "k") == "\"v\"");
}

TEST_CASE("store: a tool's name is quoted in what is read", "[store]") {
  const auto store = in_memory();
  REQUIRE(store->commit({"ann", kNow, {{kThread, "a\"b\\\n", "1", "2"}}, {}}));
  CHECK(store->read_thread("ann", kThread, kNow)->find(R"("state":{"a\"b\\\n":2}})") != std::string::npos);
}

TEST_CASE("store: unknown, foreign and expired threads answer the same", "[store]") {
  StoreSettings settings;
  settings.thread_ttl = Millis{60'000};
  const auto store = in_memory(settings);
  const Error unknown = store->read_thread("ann", kThread, kNow).error();
  REQUIRE(store->commit(turn("1")));
  CHECK(store->read_thread("ann", kThread, kNow + 59'999));
  for (const Error& error : {store->read_thread("bob", kThread, kNow).error(),
                             store->read_thread("ann", kThread, kNow + 60'000).error(),
                             store->commit(turn("2", "", kNow, "bob")).error(),
                             store->commit(turn("2", "", kNow + 60'000)).error()}) {
    CHECK(error.code == Errc::not_found);
    CHECK(error.message == unknown.message);
  }
  CHECK(
      says(unknown,
           std::string("thread ") + kThread +
               " is unknown or has expired; start again without continuation_id and give the full context"));
}

TEST_CASE("store: an id that cannot be ours is neither stored nor repeated", "[store]") {
  const auto store = in_memory();
  for (const std::string& id : {std::string(), std::string("a\"b"), std::string("a b"),
                                std::string("a\0b", 3), std::string(65, 'a')}) {
    const Error error = store->read_thread("ann", id, kNow).error();
    CHECK(error.code == Errc::not_found);
    CHECK(says(error, "thread (not an id of this host) is unknown or has expired"));
    CHECK(store->commit(turn("1", "", kNow, "ann", id)).error().code == Errc::not_found);
  }
  CHECK(store->commit(turn("1", "", kNow, "ann", std::string(64, 'a'))));
}

TEST_CASE("store: an append can insist that the thread exists", "[store]") {
  const auto store = in_memory();
  StoreBatch batch = turn("1");
  batch.appends[0].unknown = UnknownThread::refuse;
  CHECK(store->commit(batch).error().code == Errc::not_found);
  REQUIRE(store->commit(turn("1")));
  CHECK(store->commit(batch));
}

TEST_CASE("store: a state made from old turns is a conflict when its tool has appended since", "[store]") {
  const auto store = in_memory();
  REQUIRE(store->commit(turn("{\"n\":1}", "[1]")));
  StoreBatch mine = turn("{\"n\":2}", "[1,2]");
  mine.appends[0].after = 1;
  StoreBatch other = turn("{\"n\":3}", "[1,3]");
  other.appends[0].after = 1;
  CHECK(store->check_append("ann", mine.appends[0], kNow));
  CHECK(store->check_append("ann", other.appends[0], kNow));
  REQUIRE(store->commit(mine));
  const auto late = store->commit(other);
  REQUIRE_FALSE(late);
  CHECK(late.error().code == Errc::conflict);
  CHECK(says(late.error(), "another call of chat"));
  CHECK(store->check_append("ann", other.appends[0], kNow).error().code == Errc::conflict);
  CHECK(store->read_thread("ann", kThread, kNow)->find("\"chat\":[1,2]") != std::string::npos);
  // Another tool's turn is no conflict, nor is a turn without a state; and what was read anew goes in.
  REQUIRE(store->commit({"ann", kNow, {{kThread, "debug", "{\"n\":4}", "[]"}}, {}}));
  StoreBatch only_a_turn = turn("{\"n\":5}");
  only_a_turn.appends[0].after = 0;
  CHECK(store->commit(only_a_turn));
  other.appends[0].after = 4;
  CHECK(store->commit(other));
}

TEST_CASE("store: every turn prolongs the thread, and remove_expired takes only what is due", "[store]") {
  StoreSettings settings;
  settings.thread_ttl = Millis{60'000};
  const auto store = in_memory(settings);
  REQUIRE(store->commit(turn("{\"n\":1}", "{}")));
  REQUIRE(store->commit(turn("{\"n\":2}", "", kNow + 30'000)));
  REQUIRE(store->remove_expired(kNow + 89'999));
  CHECK(count_turns(*store->read_thread("ann", kThread, kNow + 89'999)) == 2);
  REQUIRE(store->remove_expired(kNow + 90'000));
  CHECK_FALSE(store->read_thread("ann", kThread, kNow));
  // Turns and state went with it: the id begins anew.
  REQUIRE(store->commit(turn("{\"n\":3}")));
  const std::string thread = *store->read_thread("ann", kThread, kNow);
  CHECK(count_turns(thread) == 1);
  CHECK(thread.ends_with("\"state\":{}}"));
}

TEST_CASE("store: remove_expired goes on until all are gone", "[store]") {
  const auto store = in_memory();
  for (int i = 0; i < 450; ++i) REQUIRE(store->commit(turn("1", "", kNow, "ann", "t" + std::to_string(i))));
  REQUIRE(store->remove_expired(kNow + StoreSettings{}.thread_ttl.count()));
  for (int i = 0; i < 450; ++i) CHECK_FALSE(store->read_thread("ann", "t" + std::to_string(i), kNow));
}

TEST_CASE("store: thread_turns_max turns fit, one more is refused and leaves the thread as it was",
          "[store]") {
  StoreSettings settings;
  settings.thread_turns_max = 3;
  const auto store = in_memory(settings);
  for (int i = 0; i < 3; ++i) REQUIRE(store->commit(turn("{\"n\":1}")));
  const Error error = store->commit(turn("{\"n\":1}", "\"new\"", kNow + 9)).error();
  CHECK(error.code == Errc::exhausted);
  CHECK(says(error, "store.thread_turns_max = 3"));
  const std::string thread = *store->read_thread("ann", kThread, kNow);
  CHECK(count_turns(thread) == 3);
  CHECK(thread.find("new") == std::string::npos);
}

TEST_CASE("store: thread_bytes_max holds for turns and present states together", "[store]") {
  StoreSettings settings;
  settings.thread_bytes_max = 4096;
  const auto store = in_memory(settings);
  const std::size_t tool = 4;  // "chat", counted with each row
  REQUIRE(store->commit(turn(std::string(2000 - tool, '1'), std::string(1096 - tool, '2'))));
  CHECK(says(store->commit(turn(std::string(1001 - tool, '1'))).error(), "store.thread_bytes_max = 4096"));
  REQUIRE(store->commit(turn(std::string(500 - tool, '1'))));
  // A state replaces its tool's last one, so only the difference counts.
  REQUIRE(store->commit(turn(std::string(500 - tool, '1'), std::string(1096 - tool, '3'))));
  CHECK_FALSE(store->commit(turn("", std::string(1093 - tool, '3'))));
  CHECK(store->commit(turn("", std::string(1092 - tool, '3'))));
}

TEST_CASE("store: values belong to one owner and one plugin, and can be forgotten", "[store]") {
  const auto store = in_memory();
  REQUIRE(store->commit(value("k", "1")));
  REQUIRE(store->commit(value("k", "2", "bob")));
  REQUIRE(store->commit(value("k", "3", "ann", "other")));
  REQUIRE(store->commit(value("k", "4")));
  CHECK(*store->get_value("ann", "notes", "k") == "4");
  CHECK(*store->get_value("bob", "notes", "k") == "2");
  CHECK(*store->get_value("ann", "other", "k") == "3");
  CHECK_FALSE(store->get_value("bob", "other", "k")->has_value());
  CHECK_FALSE(store->get_value("ann", "notes", "K")->has_value());
  REQUIRE(store->commit(value("k", "")));
  CHECK_FALSE(store->get_value("ann", "notes", "k")->has_value());
  CHECK(store->get_value("bob", "notes", "k")->has_value());
}

TEST_CASE("store: a value of value_bytes_max fits, one byte more does not", "[store]") {
  StoreSettings settings;
  settings.value_bytes_max = 100;
  const auto store = in_memory(settings);
  CHECK(store->commit(value("k", std::string(100, '1'))));
  const Error error = store->commit(value("k", std::string(101, '2'))).error();
  CHECK(error.code == Errc::exhausted);
  CHECK(says(error, "store.value_bytes_max = 100"));
  CHECK((*store->get_value("ann", "notes", "k"))->front() == '1');
  CHECK(store->commit(value(std::string(1024, 'k'), "1")));
  CHECK(store->commit(value(std::string(1025, 'k'), "1")).error().code == Errc::invalid_input);
  CHECK(store->commit(value("", "1")).error().code == Errc::invalid_input);
}

TEST_CASE("store: a plugin keeps at most 1000 values for an owner", "[store]") {
  const auto store = in_memory();
  StoreBatch batch{"ann", kNow, {}, {}};
  for (int i = 0; i < kValuesMax; ++i) batch.puts.push_back({"notes", std::to_string(i), "1"});
  REQUIRE(store->commit(batch));
  CHECK(store->commit(value("one more", "1")).error().code == Errc::exhausted);
  CHECK(store->commit(value("7", "2")));
  CHECK(store->commit(value("one more", "1", "bob")));
}

TEST_CASE("store: a batch is stored whole or not at all", "[store]") {
  StoreSettings settings;
  settings.value_bytes_max = 2;
  const auto store = in_memory(settings);
  StoreBatch batch = turn("{\"n\":1}", "{}");
  batch.puts = {{"notes", "a", "1"}, {"notes", "b", "too long"}};
  CHECK_FALSE(store->commit(batch));
  CHECK_FALSE(store->read_thread("ann", kThread, kNow));
  CHECK_FALSE(store->get_value("ann", "notes", "a")->has_value());
  batch.puts.pop_back();
  CHECK(store->commit(batch));
  CHECK(store->commit({"ann", kNow, {}, {}}));
}

TEST_CASE("store: text with quotes, NUL and every plane comes back byte for byte", "[store]") {
  const auto store = in_memory();
  const std::string text("'\";--\0\xf0\x9f\x98\x80%s", 13);
  REQUIRE(store->commit({text, kNow, {}, {{text, text, text}}}));
  CHECK(*store->get_value(text, text, text) == text);
}
