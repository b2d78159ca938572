#include <fstream>

#include "model_server.hpp"
#include "runtime_world.hpp"

using namespace toolpost;

namespace {

struct Ran {
  nlohmann::json reply;
  int asked = 0;
  int frames = 0;
  bool killed = false;
};

/// One `debug` call whose last step asks the expert; the worker is killed after frame number `kill_at`.
Ran run_debug(int kill_at) {
  ModelServer model;
  Ran ran;
  Settings settings;
  const auto root = std::filesystem::temp_directory_path() / ("toolpost_killed_" + std::to_string(getpid()));
  std::filesystem::create_directories(root);
  std::ofstream(root / "loop.c") << "for (i = 0; i < n - 1; ++i)\n";
  settings.files.roots = {root.string()};
  settings.plugins["dev.toolpost.debug"].grant = {"provider", "file.read", "thread.read", "thread.append"};
  settings.providers["local"] = model.settings();
  {
    RuntimeWorld world({"lib/toolpost/plugins/debug.so", "lib/toolpost/plugins/openai.so"}, settings,
                       [&](const std::string&, FrameType) {
                         const bool kill = ++ran.frames == kill_at;
                         ran.killed = ran.killed || kill;
                         return kill;
                       });
    const CallOutcome& outcome = world.call("debug", R"({"step":"prints 41","step_number":1,"total_steps":1,
      "next_step_required":false,"findings":"the loop ends early","relevant_files":["loop.c"],"confidence":"high"})");
    CAPTURE(kill_at, outcome.message);
    REQUIRE(outcome.code == Errc::ok);
    ran.reply = world.reply("debug");
    ran.reply.erase("continuation_id");  // random
  }
  ran.asked = model.asked;
  std::filesystem::remove_all(root);
  return ran;
}

}  // namespace

TEST_CASE("turns: a worker killed after any frame changes no answer and repeats no model request",
          "[runtime][faults]") {
  const Ran undisturbed = run_debug(0);
  CHECK(undisturbed.asked == 1);
  CHECK(undisturbed.reply["expert_analysis"]["summary"] == "off by one");
  CHECK(undisturbed.reply["file_context"]["files_embedded"][0] == "loop.c");
  REQUIRE(undisturbed.frames >= 12);
  for (int frame = 1; frame <= undisturbed.frames; ++frame) {
    const Ran disturbed = run_debug(frame);
    CAPTURE(frame);
    CHECK(disturbed.killed);
    CHECK(disturbed.reply == undisturbed.reply);
    CHECK(disturbed.asked == 1);
  }
}
