// Which plugin files crashed on which inputs, as hosts of one state folder tell each other.
#include <sqlite3.h>

#include "catch.hpp"
#include "store_world.hpp"

using namespace toolpost;

TEST_CASE("crashes: the same input of the same owner is counted, in whichever host", "[store][quarantine]") {
  const StoreWorld world;
  const auto one = world.open();
  const auto other = world.open();
  REQUIRE(one->note_crash({"file", "ann", "a", 1000, 1}));
  REQUIRE(other->note_crash({"file", "ann", "a", 2000, 1}));
  REQUIRE(other->note_crash({"file", "bob", "a", 3000, 1}));
  const auto known = *one->crashes();
  REQUIRE(known.size() == 2);
  CHECK(known[0].count == 2);
  CHECK(known[0].at_ms == 2000);
  CHECK(known[1].owner == "bob");
}

TEST_CASE("crashes: of very many the newest are told, and no quarantined file is left out",
          "[store][quarantine]") {
  const StoreWorld world;
  const auto store = world.open();
  REQUIRE(store->note_crash({"old", "", "", 1, 1}));
  for (int i = 0; i < 2010; ++i) REQUIRE(store->note_crash({"file", "ann", std::to_string(i), 1000 + i, 1}));
  const auto known = *store->crashes();
  REQUIRE(known.size() == 2000);
  CHECK(known.front().input == "11");
  CHECK(known.back().file == "old");
}

TEST_CASE("crashes: released, nothing is known against a file; others stay", "[store][quarantine]") {
  const StoreWorld world;
  const auto store = world.open();
  REQUIRE(store->note_crash({"file", "ann", "a", 1000, 1}));
  REQUIRE(store->note_crash({"file", "", "", 1000, 1}));
  REQUIRE(store->note_crash({"another", "ann", "a", 1000, 1}));
  REQUIRE(store->release_file("file"));
  const auto known = *store->crashes();
  REQUIRE(known.size() == 1);
  CHECK(known[0].file == "another");
}

TEST_CASE("crashes: after a day inputs are forgotten, quarantined files are not", "[store][quarantine]") {
  const StoreWorld world;
  const auto store = world.open();
  REQUIRE(store->note_crash({"file", "ann", "a", 1000, 1}));
  REQUIRE(store->note_crash({"file", "", "", 1000, 1}));
  REQUIRE(store->remove_expired(1000 + kMsPerDay));
  CHECK(store->crashes()->size() == 2);
  REQUIRE(store->remove_expired(1001 + kMsPerDay));
  REQUIRE(store->crashes()->size() == 1);
  CHECK(store->crashes()->front().input.empty());
}

TEST_CASE("crashes: a file of an earlier host gets its table", "[store][quarantine]") {
  const StoreWorld world;
  {
    REQUIRE(world.open());
  }
  sqlite3* file = nullptr;
  REQUIRE(sqlite3_open(world.file.c_str(), &file) == SQLITE_OK);
  REQUIRE(sqlite3_exec(file, "DROP TABLE crashes; PRAGMA user_version = 3", nullptr, nullptr, nullptr) ==
          SQLITE_OK);
  sqlite3_close(file);
  CHECK(world.open()->note_crash({"file", "ann", "a", 1000, 1}));
}
