#include "base/memory_reserve.hpp"

#include <new>

#include "catch.hpp"

using namespace toolpost;

TEST_CASE("memory reserve: it is given to who asks in vain, once, until it is held again", "[base]") {
  CHECK_FALSE(memory_is_short());
  REQUIRE(hold_memory_reserve());
  for (int round = 0; round < 2; ++round) {
    CHECK_FALSE(memory_is_short());
    const std::new_handler ask = std::get_new_handler();
    REQUIRE(ask != nullptr);
    ask();
    CHECK(memory_is_short());
    CHECK_THROWS_AS(ask(), std::bad_alloc);
    CHECK(hold_memory_reserve());
  }
  CHECK_FALSE(memory_is_short());
  std::set_new_handler(nullptr);
}
