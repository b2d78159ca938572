// What each level adds to the start of a worker. Hidden, as nothing is asserted: test_sandbox "[start-cost]"
#include <algorithm>
#include <chrono>

#include "attack_world.hpp"

using namespace toolpost;

TEST_CASE("start cost: a call with a fresh worker at each level", "[.][start-cost]") {
  for (std::uint32_t level = 0; level <= 4; ++level) {
    Settings settings;
    settings.isolation.level_max = level;
    settings.isolation.min_level = 0;
    settings.workers.reuse = "call";
    AttackWorld world(settings);
    std::vector<double> each;
    for (int i = 0; i < 300; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      REQUIRE(world.call("echo", R"({"text":"x"})").code == Errc::ok);
      each.push_back(
          std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    }
    std::sort(each.begin(), each.end());
    WARN("level " << level << " (reached " << world.runtime->isolation_level() << "): median "
                  << each[each.size() / 2] << " ms, 90 % " << each[each.size() * 9 / 10] << " ms");
  }
}
