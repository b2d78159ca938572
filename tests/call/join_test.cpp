#include "call/join.hpp"

#include "catch.hpp"

using namespace toolpost;

TEST_CASE("join: handles of the call itself only, a need within them, a bounded time", "[call]") {
  const std::uint64_t seed = 0x1234567890abcdef;
  const auto handle = [&](std::size_t index) { return std::to_string(effect_handle(seed, index)); };
  CHECK(parse_join("{\"handles\":[" + handle(0) + "," + handle(1) + "],\"need\":1}", seed, 2));
  CHECK_FALSE(parse_join("{\"handles\":[" + handle(2) + "]}", seed, 2));
  CHECK_FALSE(parse_join("{\"handles\":[1]}", seed, 2));
  CHECK_FALSE(parse_join("{\"handles\":[]}", seed, 2));
  CHECK_FALSE(parse_join("{\"handles\":[" + handle(0) + "],\"need\":2}", seed, 2));
  CHECK_FALSE(parse_join("{\"handles\":[" + handle(0) + "],\"timeout_ms\":86400001}", seed, 2));
  CHECK(effect_index(seed, effect_handle(seed, 5)) == 5);
  CHECK_FALSE(effect_index(seed + 1, effect_handle(seed, 5)));
  CHECK_FALSE(effect_index(seed, 0));
}

TEST_CASE("join: settles when enough are done, in the order they finished, or when its time is over",
          "[call]") {
  JournalHeader header;
  header.seed = 3;
  Journal journal(header, {});
  REQUIRE(journal.append({{"sleep", "{}", "d", 0}, {"sleep", "{}", "d", 0}, {"sleep", "{}", "d", 0}}, 0));
  const Join join{{0, 1, 2}, 2, 0};
  CHECK_FALSE(settle_join(join, journal, JoinTime::running));
  REQUIRE(journal.settle(2, Errc::ok, "{}", 1));
  CHECK_FALSE(settle_join(join, journal, JoinTime::running));
  REQUIRE(journal.settle(0, Errc::unavailable, "no", 2));
  const auto result = settle_join(join, journal, JoinTime::running);
  REQUIRE(result);
  CHECK(*result == "{\"done\":[" + std::to_string(effect_handle(3, 2)) + "," +
                       std::to_string(effect_handle(3, 0)) + "],\"timed_out\":false}");
  const Join all{{0, 1, 2}, 3, 5};
  CHECK(settle_join(all, journal, JoinTime::over)->find("\"timed_out\":true") != std::string::npos);
}
