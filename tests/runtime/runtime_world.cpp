#include "runtime_world.hpp"

#include <unistd.h>

#include <fstream>

namespace toolpost {

namespace fs = std::filesystem;

RuntimeWorld::RuntimeWorld(const std::vector<std::string>& plugin_files, Settings with, KillAfterFrame kill,
                           const std::string& worker_program, EnvironmentGetter environment)
    : settings(std::move(with)) {
  static int worlds = 0;
  folder = fs::temp_directory_path() /
           ("toolpost_test_" + std::to_string(getpid()) + "_" + std::to_string(++worlds));
  fs::create_directories(folder / "plugins");
  fs::permissions(folder / "plugins", fs::perms::owner_all);
  for (const std::string& file : plugin_files) {
    fs::copy(std::string(TOOLPOST_BINARY_DIR) + "/" + file, folder / "plugins" / fs::path(file).filename());
  }
  auto started = Spawner::start(worker_program);
  REQUIRE(started);
  spawner = std::move(*started);
  RuntimePlaces places;
  places.version = "test";
  places.kill_after_frame = std::move(kill);
  places.environment = std::move(environment);
  places.state_dir = (folder / "state").string();
  places.git_program = TOOLPOST_BINARY_DIR "/libexec/toolpost/toolpost-git";
  places.plugin_folders = {{(folder / "plugins").string(), PluginOrigin::dropped_in}};
  runtime.emplace(loop, *spawner, settings, places);
  const auto opened = runtime->open();
  REQUIRE(opened);
  loop.after(std::chrono::seconds(60), [this] { loop.stop(); });
}

RuntimeWorld::~RuntimeWorld() {
  runtime.reset();
  spawner.reset();
  fs::remove_all(folder);
}

void RuntimeWorld::start(const std::string& tool, const std::string& arguments, OwnerId owner) {
  ToolRequest request;
  request.owner = owner;
  request.tool = tool;
  request.arguments_json = arguments;
  request.profile = profile;
  ++running;
  loop.post([] {});  // a round of its own, in which the turn is sent; else the next timer would bring it
  runtime->call_tool(request,
                     [this, tool](CallOutcome outcome, const Journal* journal) {
                       if (journal != nullptr) journals.insert_or_assign(tool, *journal);
                       outcomes.insert_or_assign(tool, std::move(outcome));
                       if (--running == 0) loop.stop();
                     },
                     {});
}

void RuntimeWorld::run_until_event(const std::string& words) {
  auto before = std::exchange(runtime->on_event, {});
  bool seen = false;
  runtime->on_event = [&](Level level, std::string_view event, const std::string& detail) {
    if (before) before(level, event, detail);
    if (detail.find(words) == std::string::npos) return;
    seen = true;
    loop.stop();
  };
  loop.run();
  runtime->on_event = std::move(before);
  REQUIRE(seen);
}

std::vector<int> children_of(int parent) {
  std::vector<int> children;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream stat(entry.path() / "stat");
    std::string pid, program, state;
    int its_parent = 0;
    stat >> pid >> program >> state >> its_parent;
    if (its_parent == parent) children.push_back(std::stoi(pid));
  }
  return children;
}

}  // namespace toolpost
