// How much one call may leave in the store; one thing more is refused and says by which setting.
#include "runtime_world.hpp"
#include "toolpost/plugin.h"

using namespace toolpost;
using nlohmann::json;

namespace {

/// The answer of a tool that asks for the same effect `times` times.
json ask(const Settings& settings, const char* kind, const json& request, int times) {
  RuntimeWorld world({"tests/plugins/asking.so"}, settings);
  const json arguments = {{"kind", kind}, {"request", request}, {"times", times}};
  REQUIRE(world.call("asking", arguments.dump()).code == Errc::ok);
  return world.reply("asking");
}

Settings granting(const char* kind) {
  Settings settings;
  settings.plugins["test.asking"].grant = {kind};
  return settings;
}

}  // namespace

TEST_CASE("store call limit: a call may put store.call_values_max values and no more", "[runtime][store]") {
  Settings settings = granting("store.put");
  settings.store.call_values_max = 2;
  const json put = {{"key", "k"}, {"value", 1}};
  CHECK(ask(settings, "store.put", put, 2).contains("result"));
  const json refused = ask(settings, "store.put", put, 3);
  CHECK(refused["status"] == TOOLPOST_EXHAUSTED);
  CHECK(refused["message"].get<std::string>().find("store.call_values_max = 2 permits") != std::string::npos);
}

TEST_CASE("store call limit: a call may append store.call_turns_max turns and no more", "[runtime][store]") {
  Settings settings = granting("thread.append");
  settings.store.call_turns_max = 2;
  const json append = {{"turn", {{"role", "user"}, {"content", "x"}}}};
  CHECK(ask(settings, "thread.append", append, 2).contains("result"));
  const json refused = ask(settings, "thread.append", append, 3);
  CHECK(refused["status"] == TOOLPOST_EXHAUSTED);
  CHECK(refused["message"].get<std::string>().find("store.call_turns_max = 2 permits") != std::string::npos);
}
