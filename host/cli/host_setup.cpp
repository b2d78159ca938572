#include "cli/host_setup.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "config/config_paths.hpp"

namespace toolpost {
namespace {

namespace fs = std::filesystem;

std::string environment_value(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

}  // namespace

std::string install_prefix() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path().parent_path().string();
}

void show_problems(const ConfigReading& reading) {
  for (const ConfigProblem& problem : reading.outcome.problems) std::cerr << to_string(problem) << "\n";
  if (!reading.outcome.loaded) return;
  for (const ConfigProblem& warning : reading.outcome.loaded->warnings)
    std::cerr << to_string(warning) << "\n";
}

std::optional<Settings> load_configuration(const HostOptions& options) {
  ConfigReading reading = read_configuration(options.config_file);
  show_problems(reading);
  if (!reading.outcome.loaded) return std::nullopt;
  return std::move(reading.outcome.loaded->settings);
}

std::unique_ptr<Host> set_up_host(const HostOptions& options) {
  // The spawner first: it must not inherit what is read afterwards.
  const std::string prefix = install_prefix();
  auto spawner = Spawner::start(prefix + "/libexec/toolpost/toolpost-worker");
  if (!spawner) {
    std::cerr << "toolpost: " << spawner.error().message << "\n";
    return nullptr;
  }
  // No core dump and no ptrace of a process that holds keys.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  auto settings = load_configuration(options);
  if (!settings) return nullptr;
  const EnvironmentList list = environment_list();
  const EnvironmentMap environment(list.begin(), list.end());
  RuntimePlaces places;
  places.version = kVersion;
  places.environment = [](const char* name) -> const char* { return std::getenv(name); };
  places.state_dir = !options.state_dir.empty() ? options.state_dir : settings->store.state_dir;
  if (places.state_dir.empty()) {
    auto state_dir = default_state_dir(environment);
    if (!state_dir) {
      std::cerr << "toolpost: " << state_dir.error().message << "\n";
      return nullptr;
    }
    places.state_dir = *state_dir;
  }
  places.plugin_folders.push_back({prefix + "/lib/toolpost/plugins", PluginOrigin::bundled});
  for (const std::string& folder : settings->plugin_folders)
    places.plugin_folders.push_back({folder, PluginOrigin::dropped_in});
  if (settings->plugin_folders.empty()) {
    if (auto folder = default_plugin_folder(environment))
      places.plugin_folders.push_back({*folder, PluginOrigin::dropped_in});
  }
  std::error_code error;
  places.file_roots = default_roots(fs::current_path(error).string(), environment_value("HOME"));
  auto host = std::make_unique<Host>();
  host->spawner = std::move(*spawner);
  host->runtime =
      std::make_unique<Runtime>(host->loop, *host->spawner, std::move(*settings), std::move(places));
  if (auto opened = host->runtime->open(); !opened) {
    std::cerr << "toolpost: " << opened.error().message << "\n";
    return nullptr;
  }
  auto log = Log::open(host->runtime->settings().log, host->runtime->redactor());
  if (!log) {
    std::cerr << "toolpost: " << log.error().message << "\n";
    return nullptr;
  }
  host->log = std::move(*log);
  host->runtime->on_event = [log_to = host->log.get()](Level level, std::string_view event,
                                                       const std::string& detail) {
    log_to->event(level, event, {{"detail", detail}});
  };
  return host;
}

void verify_all_plugins(Host& host) {
  // Opening them is the only way to know that they run; ten seconds is what a server allows itself too.
  Runtime& runtime = *host.runtime;
  runtime.verify_plugins();
  const auto settled = [&runtime] {
    for (const auto& plugin : runtime.plugins().plugins()) {
      if (!plugin->loaded && !plugin->incompatible) return false;
    }
    return true;
  };
  // Shared with the hook, which stays in the loop for as long as that lives.
  const auto waiting = std::make_shared<bool>(true);
  host.loop.each_round([&host, settled, waiting] {
    if (*waiting && settled()) host.loop.stop();
  });
  TimerId bound = host.loop.after(std::chrono::seconds(10), [&host] { host.loop.stop(); });
  if (!settled()) host.loop.run();
  *waiting = false;
  host.loop.cancel(bound);
}

}  // namespace toolpost
