// Money of a day: what is reserved counts at once, for every host on the file.
#include <sqlite3.h>

#include <atomic>
#include <thread>

#include "store_world.hpp"

using namespace toolpost;

namespace {

constexpr std::int64_t kDay = 20'833;

MoneyOrder order(std::int64_t amount, std::int64_t limit = 100, std::int64_t day = kDay,
                 const std::string& provider = "glm") {
  return {provider, day, amount, limit};
}

}  // namespace

TEST_CASE("spending: a reservation is granted up to the limit, and not beyond", "[store][money]") {
  const StoreWorld world;
  const auto store = world.open();
  CHECK(store->reserve_money(order(60))->granted);
  const auto refused = store->reserve_money(order(41));
  CHECK_FALSE(refused->granted);
  CHECK(refused->counted == 60);
  const auto exact = store->reserve_money(order(40));
  CHECK(exact->granted);
  CHECK(exact->counted == 100);
  CHECK_FALSE(store->reserve_money(order(1))->granted);
  CHECK(store->reserve_money(order(0))->granted);
}

TEST_CASE("spending: the first reservation of a day is bounded too", "[store][money]") {
  const StoreWorld world;
  const auto store = world.open();
  const auto refused = store->reserve_money(order(101));
  CHECK_FALSE(refused->granted);
  CHECK(refused->counted == 0);
}

TEST_CASE("spending: what was settled lower is there for others; days and providers are apart",
          "[store][money]") {
  const StoreWorld world;
  const auto store = world.open();
  CHECK(store->reserve_money(order(100))->granted);
  CHECK(store->settle_money("glm", kDay, -70));
  CHECK(store->reserve_money(order(70))->counted == 100);
  CHECK(store->reserve_money(order(100, 100, kDay + 1))->granted);
  CHECK(store->reserve_money(order(100, 100, kDay, "kimi"))->granted);
  CHECK(store->settle_money("glm", kDay, -1'000));  // never below nothing
  CHECK(store->reserve_money(order(100))->counted == 100);
  CHECK(store->settle_money("nobody", kDay, 5));
}

TEST_CASE("spending: two hosts that reserve at once never pass the limit", "[store][money]") {
  const StoreWorld world;
  REQUIRE(world.open());
  std::atomic<int> granted{0};
  const auto spend = [&] {
    const auto store = world.open();
    for (int i = 0; i < 200; ++i)
      if (store->reserve_money(order(1, 250))->granted) ++granted;
  };
  std::thread one(spend);
  std::thread other(spend);
  one.join();
  other.join();
  CHECK(granted == 250);
  CHECK(world.open()->reserve_money(order(0, 250))->counted == 250);
}

TEST_CASE("spending: a file of an earlier host gets its table, and keeps what it has", "[store][money]") {
  const StoreWorld world;
  CHECK(world.open()->commit(turn("{\"n\":1}")));
  sqlite3* file = nullptr;
  REQUIRE(sqlite3_open(world.file.c_str(), &file) == SQLITE_OK);
  REQUIRE(sqlite3_exec(file, "DROP TABLE crashes; DROP TABLE spending; PRAGMA user_version = 2", nullptr, nullptr, nullptr) ==
          SQLITE_OK);
  sqlite3_close(file);
  const auto store = world.open();
  CHECK(store->reserve_money(order(1))->granted);
  CHECK(count_turns(*store->read_thread("ann", kThread, kNow)) == 1);
}

TEST_CASE("spending: old days go with what has expired", "[store][money]") {
  const StoreWorld world;
  const auto store = world.open();
  const std::int64_t today = kNow / 86'400'000;
  CHECK(store->reserve_money(order(100, 100, today - 41))->granted);
  CHECK(store->reserve_money(order(100, 100, today - 40))->granted);
  CHECK(store->remove_expired(kNow));
  CHECK(store->reserve_money(order(1, 100, today - 41))->granted);
  CHECK_FALSE(store->reserve_money(order(1, 100, today - 40))->granted);
}
