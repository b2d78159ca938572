// Plugins that crash, with real workers: what is refused, to whom, and how it ends.
#include <unistd.h>

#include <csignal>

#include "runtime_world.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {

const std::vector<std::string> kFaulty = {"tests/plugins/faulty.so", "lib/toolpost/plugins/echo.so"};

bool says(const CallOutcome& outcome, const std::string& words) {
  return outcome.code == Errc::quarantined && outcome.message.find(words) != std::string::npos;
}

/// Runs the loop until what crashed is on disk.
void wait_until_written(RuntimeWorld& world) {
  while (!world.runtime->quarantine().is_written()) {
    world.loop.after(1ms, [&] { world.loop.stop(); });
    world.loop.run();
  }
}

}  // namespace

TEST_CASE("quarantine: what crashed a plugin twice is not run again; everything else is",
          "[runtime][quarantine]") {
  RuntimeWorld world(kFaulty);
  CHECK(world.call("crash").code == Errc::crashed);  // both runs of it count
  CHECK(says(world.call("crash"), "crashed on this very input quarantine.repeats_max = 2 times"));
  CHECK(world.outcomes.at("crash").turns == 0);
  CHECK(world.call("crash", R"({"other":1})").code == Errc::crashed);
  CHECK(world.call("fine").code == Errc::ok);
  world.start("crash", "{}", 2);  // another owner finds out alone
  world.settle();
  CHECK(world.outcomes.at("crash").code == Errc::crashed);
}

TEST_CASE("quarantine: a file that crashed on three inputs runs nothing until it is released; others do",
          "[runtime][quarantine]") {
  RuntimeWorld world(kFaulty);
  for (const char* fault : {"crash", "abort", "exit"}) CHECK(world.call(fault).code == Errc::crashed);
  CHECK(says(world.call("fine"), "toolpost plugins --release test.faulty"));
  CHECK(world.call("echo", R"({"text":"x"})").code == Errc::ok);
  CHECK(world.runtime->status_json(true).find(R"("state":"quarantined")") != std::string::npos);
  // What the command does, perhaps in another process: the next call looks.
  wait_until_written(world);
  const auto* plugin = world.runtime->plugins().tool("fine").plugin;
  REQUIRE(world.runtime->store()->release_file(plugin->found.sha256));
  CHECK(world.call("fine").code == Errc::ok);
}

TEST_CASE("quarantine: hosts of one state folder know of each other's, and a restart forgets nothing",
          "[runtime][quarantine]") {
  Settings settings;
  settings.quarantine.inputs_max = 2;
  RuntimeWorld world(kFaulty, settings);
  CHECK(world.call("crash").code == Errc::crashed);
  CHECK(world.call("abort").code == Errc::crashed);
  CHECK(world.call("fine").code == Errc::quarantined);
  wait_until_written(world);
  RuntimePlaces places;
  places.version = "test";
  places.state_dir = (world.folder / "state").string();
  places.git_program = TOOLPOST_BINARY_DIR "/libexec/toolpost/toolpost-git";
  places.plugin_folders = {{(world.folder / "plugins").string(), PluginOrigin::dropped_in}};
  Runtime next(world.loop, *world.spawner, settings, places);
  REQUIRE(next.open());
  const auto* plugin = next.plugins().tool("fine").plugin;
  REQUIRE(next.quarantine().file_refusal(*plugin));
}

TEST_CASE("quarantine: a host that runs learns what another one saw", "[runtime][quarantine]") {
  RuntimeWorld world(kFaulty);
  REQUIRE(world.call("fine").code == Errc::ok);
  const auto* plugin = world.runtime->plugins().tool("fine").plugin;
  REQUIRE(world.runtime->store()->note_crash({plugin->found.sha256, "", "", 1, 1}));
  // It looks once a second, when it is called.
  const TimePoint late = world.loop.now() + 10s;
  while (world.call("fine").code == Errc::ok && world.loop.now() < late) {
  }
  CHECK(says(world.outcomes.at("fine"), "toolpost plugins --release test.faulty"));
  CHECK(world.outcomes.at("fine").turns == 0);
}

TEST_CASE("quarantine: a worker that is killed from outside says nothing of its plugin",
          "[runtime][quarantine]") {
  Settings settings;
  settings.quarantine.repeats_max = settings.quarantine.inputs_max = 1;
  RuntimeWorld world(kFaulty, settings);
  REQUIRE(world.call("fine").code == Errc::ok);  // or deaths while it is loaded would tell against it
  bool killing = true;
  const std::function<void()> kill_workers = [&] {
    if (!killing) return;
    for (const int spawner : children_of(::getpid()))
      for (const int worker : children_of(spawner)) ::kill(worker, SIGKILL);
    world.loop.after(20ms, kill_workers);
  };
  world.start("spin");
  world.loop.after(20ms, kill_workers);
  world.settle();
  killing = false;
  CHECK(world.outcomes.at("spin").code == Errc::crashed);
  CHECK(world.outcomes.at("spin").message.find("signal 9") != std::string::npos);
  CHECK(world.call("fine").code == Errc::ok);
}

TEST_CASE("quarantine: a turn that hangs counts, and quarantine.enabled = false refuses nothing",
          "[runtime][quarantine]") {
  Settings settings;
  settings.turns.turn_max = 100ms;
  settings.quarantine.repeats_max = 1;
  {
    RuntimeWorld world(kFaulty, settings);
    CHECK(world.call("spin").code == Errc::hung);
    CHECK(world.call("spin").code == Errc::quarantined);
  }
  settings.quarantine.enabled = false;
  RuntimeWorld world(kFaulty, settings);
  for (const char* fault : {"spin", "spin", "crash", "abort", "exit"})
    CHECK(world.call(fault).code != Errc::quarantined);
}
