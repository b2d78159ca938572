#pragma once
// A real runtime with real workers in a temporary state directory, driven call by call.

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "base/event_loop.hpp"
#include "catch.hpp"
#include "runtime/runtime.hpp"
#include "worker/spawner.hpp"

namespace toolpost {

struct RuntimeWorld {
  using KillAfterFrame = std::function<bool(const std::string& plugin, FrameType)>;
  static constexpr const char* kWorkerProgram = TOOLPOST_BINARY_DIR "/libexec/toolpost/toolpost-worker";
  explicit RuntimeWorld(const std::vector<std::string>& plugin_files, Settings with = {},
                        KillAfterFrame kill = {}, const std::string& worker_program = kWorkerProgram,
                        EnvironmentGetter environment = {});
  ~RuntimeWorld();

  void start(const std::string& tool, const std::string& arguments = "{}", OwnerId owner = 1);
  /// Runs the loop until everything that was started is answered.
  void settle() {
    loop.run();
    REQUIRE(running == 0);
  }
  const CallOutcome& call(const std::string& tool, const std::string& arguments = "{}") {
    start(tool, arguments);
    settle();
    return outcomes.at(tool);
  }
  /// Runs the loop until the host reports an event whose detail holds `words`.
  void run_until_event(const std::string& words);
  nlohmann::json reply(const std::string& tool) {
    return nlohmann::json::parse(outcomes.at(tool).parts.at(0).bytes);
  }

  Settings settings;
  std::filesystem::path folder;
  EventLoop loop;
  std::unique_ptr<Spawner> spawner;
  std::optional<Runtime> runtime;
  std::map<std::string, CallOutcome> outcomes;
  std::map<std::string, Journal> journals;
  int running = 0;
  CeilingProfile profile = CeilingProfile::normal;  // of the calls that follow
};

/// The processes whose parent is `parent`.
std::vector<int> children_of(int parent);

}  // namespace toolpost
