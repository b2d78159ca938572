#include "runtime_world.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {

const std::vector<std::string> kPlugins = {"tests/plugins/faulty.so", "lib/toolpost/plugins/echo.so"};

Settings in_process() {
  Settings settings;
  settings.isolation.mode = "in-process";
  settings.isolation.allow_unsafe = true;
  settings.turns.turn_max = 200ms;
  return settings;
}

}  // namespace

TEST_CASE("in-process: calls, effects, joins and errors are what they are in a worker",
          "[runtime][in_process]") {
  Settings settings = in_process();
  settings.turns.turn_max = Millis(20'000);  // nothing here hangs, and a sanitizer takes its time over 64 MiB
  RuntimeWorld world(kPlugins, settings);
  CHECK(world.call("echo", R"({"text":"here"})").code == Errc::ok);
  CHECK(world.reply("echo")["text"] == "here");
  CHECK(world.call("sleeps", R"({"ms":5})").code == Errc::ok);
  CHECK(world.call("join").code == Errc::ok);
  CHECK(world.call("swallows").code == Errc::ok);
  CHECK(world.call("divergent").code == Errc::nondeterministic);
  CHECK(world.call("throw_error").code == Errc::conflict);
  CHECK(world.call("flood").code == Errc::exhausted);
  CHECK(world.runtime->isolation_level() == 0);
}

TEST_CASE("in-process: the first hang is answered and switches the plugin off, and no other",
          "[runtime][in_process]") {
  RuntimeWorld world(kPlugins, in_process());
  world.start("spin");
  world.start("fine");  // waits behind it, on the same thread
  world.start("echo", R"({"text":"beside"})");
  world.settle();
  CHECK(world.outcomes.at("spin").code == Errc::hung);
  CHECK(world.outcomes.at("spin").message.find("turns.turn_max_ms = 200") != std::string::npos);
  CHECK(world.outcomes.at("fine").code == Errc::incompatible);
  CHECK(world.outcomes.at("echo").code == Errc::ok);
  const CallOutcome& later = world.call("fine");
  CHECK(later.code == Errc::incompatible);
  CHECK(later.message.find("until the host starts anew") != std::string::npos);
}
