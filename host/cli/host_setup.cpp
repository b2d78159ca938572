#include "cli/host_setup.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "config/config_paths.hpp"
#include "config/settings_load.hpp"

extern char** environ;

namespace toolpost {
namespace {

namespace fs = std::filesystem;

EnvironmentList environment_list() {
  EnvironmentList list;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) list.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return list;
}

std::string environment_value(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

void show(const std::vector<ConfigProblem>& problems) {
  for (const ConfigProblem& problem : problems) std::cerr << to_string(problem) << "\n";
}

}  // namespace

std::string install_prefix() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path().parent_path().string();
}

std::optional<Settings> load_configuration(const HostOptions& options) {
  const EnvironmentList list = environment_list();
  std::vector<ConfigSource> sources;
  for (const ConfigFile& file : config_files({list.begin(), list.end()}, options.config_file)) {
    std::ifstream stream(file.path, std::ios::binary);
    if (stream) {
      sources.push_back({file.path, std::string(std::istreambuf_iterator<char>(stream), {})});
    } else if (file.presence == ConfigFile::Presence::required) {
      std::cerr << file.path << ": the configuration file cannot be read\n";
      return std::nullopt;
    }
  }
  SettingsOutcome outcome = load_settings(sources, list);
  show(outcome.problems);
  if (!outcome.loaded) return std::nullopt;
  show(outcome.loaded->warnings);
  return std::move(outcome.loaded->settings);
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
  places.catalog_folders.push_back(prefix + "/share/toolpost/models");
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

}  // namespace toolpost
