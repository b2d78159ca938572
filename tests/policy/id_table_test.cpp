#include "policy/id_table.hpp"

#include <map>

#include "base/random.hpp"
#include "catch.hpp"

using namespace toolpost;

TEST_CASE("id table: behaves like a map under random inserts and erases of clustered ids", "[policy]") {
  SeededRandom random(7);
  IdTable<std::uint32_t> table;
  std::map<std::uint64_t, std::uint32_t> model;
  for (int step = 0; step < 50'000; ++step) {
    // Few distinct ids, some of them far apart, so that probes collide and wrap around.
    const std::uint64_t id = random.below(2) == 0 ? random.below(200) : random.below(200) << 32;
    if (random.below(2) == 0) {
      if (model.emplace(id, step).second) table.insert(id, static_cast<std::uint32_t>(step));
    } else {
      REQUIRE(table.erase(id) == (model.erase(id) == 1));
    }
    REQUIRE(table.size() == model.size());
    const std::uint64_t asked = random.below(200);
    const auto known = model.find(asked);
    const std::uint32_t* found = table.find(asked);
    REQUIRE((found != nullptr) == (known != model.end()));
    if (found != nullptr) REQUIRE(*found == known->second);
  }
}
