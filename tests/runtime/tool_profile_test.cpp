#include "runtime/tool_profile.hpp"

#include "catch.hpp"
#include "runtime_world.hpp"

using namespace toolpost;

namespace {

ToolOffer offer(std::string_view tool, const std::string& profile,
                PluginOrigin origin = PluginOrigin::bundled) {
  ToolSettings settings;
  settings.profile = profile;
  settings.enable = {"echo"};
  settings.disable = {"consensus"};
  return offer_of(tool, origin, settings);
}

}  // namespace

TEST_CASE("tool profile: lean is less than standard, and full is all", "[runtime]") {
  CHECK(offer("debug", "lean") == ToolOffer::listed);
  CHECK(offer("secaudit", "lean") == ToolOffer::unlisted);
  CHECK(offer("secaudit", "standard") == ToolOffer::listed);
  CHECK(offer("other", "standard") == ToolOffer::unlisted);
  CHECK(offer("other", "full") == ToolOffer::listed);
  CHECK(offer("other", "lean", PluginOrigin::dropped_in) == ToolOffer::listed);
}

TEST_CASE("tool profile: tools.enable adds, tools.disable wins over everything", "[runtime]") {
  CHECK(offer("echo", "lean") == ToolOffer::listed);
  for (const char* profile : {"lean", "standard", "full"})
    CHECK(offer("consensus", profile) == ToolOffer::disabled);
  CHECK(offer("consensus", "full", PluginOrigin::dropped_in) == ToolOffer::disabled);
}

TEST_CASE("tool profile: a disabled tool cannot be called, and a name that means none is reported",
          "[runtime]") {
  Settings settings;
  settings.tools.disable = {"echo", "consnesus"};
  settings.tools.enable = {"verson"};
  RuntimeWorld world({"lib/toolpost/plugins/echo.so", "lib/toolpost/plugins/version.so"}, settings);
  CHECK(world.runtime->why_no_tool("echo") == "tool \"echo\" is switched off by tools.disable");
  CHECK(world.runtime->why_no_tool("version").empty());
  CHECK(world.runtime->plugins().tool_names() == std::vector<std::string>{"version"});
  const auto& refused = world.runtime->plugins().refused();
  REQUIRE(refused.size() == 2);
  CHECK(refused[0].source == "tools.enable");
  CHECK(refused[0].reason == "names no tool that is there: \"verson\"; did you mean \"version\"?");
  CHECK(refused[1].source == "tools.disable");
}
