#include "cli/host_setup.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "cli/command_failure.hpp"
#include "cli/host_log.hpp"
#include "config/config_paths.hpp"
#include "config/toml_document.hpp"
#include "plugin/plugin_catalog.hpp"
#include "runtime/settings_misfits.hpp"
#include "telemetry/secret.hpp"

namespace toolpost {
namespace {

namespace fs = std::filesystem;

std::string environment_value(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

/// Says where a setting was written. A whole table has no line of its own; what was written in it has.
ConfigProblem placed(const SettingOrigins& origins, const std::string& setting, const std::string& message) {
  const auto place = origins.lower_bound(setting);
  const bool known = place != origins.end() && place->first.starts_with(setting);
  const SettingOrigin origin = known ? place->second : SettingOrigin{};
  return {origin.variable.empty() ? origin.file : "environment: " + origin.variable, origin.line, 0, message};
}

MisfitProblems place(const std::vector<SettingsMisfit>& misfits, const SettingOrigins& origins) {
  MisfitProblems placed_misfits;
  for (const SettingsMisfit& misfit : misfits) {
    auto& list = misfit.severity == SettingsMisfit::Severity::warning ? placed_misfits.warnings
                                                                      : placed_misfits.problems;
    list.push_back(placed(origins, misfit.setting, misfit.message));
  }
  return placed_misfits;
}

}  // namespace

std::string install_prefix() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path().parent_path().string();
}

void show_problems(const ConfigReading& reading, Output output) {
  std::string all;
  for (const ConfigProblem& problem : reading.outcome.problems) {
    std::cerr << to_string(problem) << "\n";
    all += (all.empty() ? "" : "\n") + to_string(problem);
  }
  if (output == Output::json && !all.empty()) {
    HostOptions json;
    json.output = Output::json;
    fail(json, {Errc::invalid_config, all});
  }
  if (!reading.outcome.loaded) return;
  for (const ConfigProblem& warning : reading.outcome.loaded->warnings)
    std::cerr << to_string(warning) << "\n";
}

std::optional<Settings> load_configuration(const HostOptions& options) {
  ConfigReading reading = read_configuration(options.config_file);
  show_problems(reading, options.output);
  if (!reading.outcome.loaded) return std::nullopt;
  return std::move(reading.outcome.loaded->settings);
}

Result<std::unique_ptr<Spawner>> start_spawner() {
  return Spawner::start(install_prefix() + "/libexec/toolpost/toolpost-worker");
}

/// Where plugins are looked for: the bundled ones, and those that were dropped in.
std::vector<PluginFolder> plugin_folders(const Settings& settings) {
  std::vector<PluginFolder> folders = {{install_prefix() + "/lib/toolpost/plugins", PluginOrigin::bundled}};
  for (const std::string& folder : settings.plugin_folders)
    folders.push_back({folder, PluginOrigin::dropped_in});
  if (settings.plugin_folders.empty()) {
    const EnvironmentList list = environment_list();
    if (auto folder = default_plugin_folder({list.begin(), list.end()}))
      folders.push_back({*folder, PluginOrigin::dropped_in});
  }
  return folders;
}

Result<std::string> state_folder(const HostOptions& options, const Settings& settings) {
  if (!options.state_dir.empty()) return options.state_dir;
  if (!settings.store.state_dir.empty()) return settings.store.state_dir;
  const EnvironmentList list = environment_list();
  return default_state_dir({list.begin(), list.end()});
}

Result<HostParts> make_parts(EventLoop& loop, Metrics& metrics, Result<std::unique_ptr<Spawner>> spawner,
                             Settings settings, const HostOptions& options,
                             std::function<Result<Secret>(const std::string& provider)> keys) {
  if (!spawner) return spawner.error();
  RuntimePlaces places;
  places.version = kVersion;
  places.environment = [](const char* name) -> const char* { return std::getenv(name); };
  places.keys = std::move(keys);
  places.metrics = &metrics;
  auto state_dir = state_folder(options, settings);
  if (!state_dir) return state_dir.error();
  places.state_dir = *state_dir;
  places.plugin_folders = plugin_folders(settings);
  places.catalog_folders.push_back(install_prefix() + "/share/toolpost/models");
  std::error_code error;
  places.git_program = install_prefix() + "/libexec/toolpost/toolpost-git";
  places.file_roots = default_roots(fs::current_path(error).string(), environment_value("HOME"));
  HostParts parts;
  parts.spawner = std::move(*spawner);
  parts.runtime = std::make_unique<Runtime>(loop, *parts.spawner, std::move(settings), std::move(places));
  if (auto opened = parts.runtime->open(); !opened) return opened.error();
  LogSettings log_settings = parts.runtime->settings().log;
  std::optional<Error> no_log_file;
  if (log_settings.file == kNoLogFile) {
    log_settings.file.clear();
  } else if (log_settings.file.empty() && options.purpose == HostPurpose::serve) {
    auto file = host_log_file(*state_dir);
    if (file) log_settings.file = *file;
    if (!file) no_log_file = file.error();
  }
  auto log = Log::open(log_settings, parts.runtime->redactor());
  if (!log) return log.error();
  parts.log = std::move(*log);
  parts.runtime->on_event = [log_to = parts.log.get()](Level level, std::string_view event,
                                                       const std::string& detail) {
    log_to->event(level, event, {{"detail", detail}});
  };
  const std::string& store_problem = parts.runtime->store_problem();
  if (!store_problem.empty()) parts.runtime->on_event(Level::error, "store_unavailable", store_problem);
  if (no_log_file) parts.runtime->on_event(Level::warn, "no_log_file", no_log_file->message);
  return parts;
}

std::unique_ptr<Host> set_up_host(const HostOptions& options, std::string* problem) {
  const auto failed = [&](const Error& error) {
    if (problem == nullptr)
      fail(options, error);
    else
      *problem = error.message;
    return nullptr;
  };
  // The spawner first: it must not inherit what is read afterwards.
  auto spawner = start_spawner();
  if (!spawner) return failed(spawner.error());
  // No core dump and no ptrace of a process that holds keys.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const ConfigReading reading = read_configuration(options.config_file);
  show_problems(reading, options.output);
  if (!reading.outcome.loaded) return nullptr;
  auto host = std::make_unique<Host>();
  auto parts =
      make_parts(host->loop, host->metrics, std::move(spawner), reading.outcome.loaded->settings, options);
  if (!parts) return failed(parts.error());
  // What no plugin takes is a mistake like any other.
  const MisfitProblems misfits =
      place(settings_misfits(parts->runtime->settings(), parts->runtime->plugins()),
            reading.outcome.loaded->origins);
  ConfigReading taken;
  taken.outcome.problems = misfits.problems;
  show_problems(taken, options.output);
  for (const ConfigProblem& warning : misfits.warnings) std::cerr << to_string(warning) << "\n";
  if (!misfits.problems.empty()) return nullptr;
  host->spawner = std::move(parts->spawner);
  host->runtime = std::move(parts->runtime);
  host->log = std::move(parts->log);
  return host;
}

void ask_for_models(Host& host) {
  constexpr const char* kLister = "listmodels";
  if (!host.runtime->why_no_tool(kLister).empty()) return;
  ToolRequest request;
  request.tool = kLister;
  request.arguments_json = "{}";
  host.runtime->call_tool(request, [&host](const CallOutcome&, const Journal*) { host.loop.stop(); }, {});
  host.loop.run();
}

// A plugin that dies while it is opened is tried twice more.
constexpr Millis kLoadTries{5'000};

void verify_all_plugins(Host& host) {
  // Opening them is the only way to know that they run; whatever is not ready by then never will be.
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
  TimerId bound =
      host.loop.after(runtime.settings().workers.ready_max + kLoadTries, [&host] { host.loop.stop(); });
  if (!settled()) host.loop.run();
  *waiting = false;
  host.loop.cancel(bound);
}

MisfitProblems misfit_problems(const LoadedSettings& loaded) {
  // Scanning copies each plugin; the state folder may belong to another machine's user, and a check writes
  // nothing.
  std::error_code error;
  std::string copies = (fs::temp_directory_path(error) / "toolpost-check-XXXXXX").string();
  if (error || mkdtemp(copies.data()) == nullptr)
    return {{{"", 0, 0, "no temporary folder for copies of the plugins can be made"}}, {}};
  auto catalog = scan_plugins(plugin_folders(loaded.settings), copies);
  fs::remove_all(copies, error);
  if (!catalog) return {{{"", 0, 0, catalog.error().message}}, {}};
  PluginTable plugins(std::move(*catalog), loaded.settings);
  std::vector<SettingsMisfit> misfits = settings_misfits(loaded.settings, plugins);
  for (const std::string& root : loaded.settings.files.roots)
    if (!fs::is_directory(root, error))
      misfits.push_back(
          {"files.roots", "files.roots: there is no folder " + toml_quoted(root) +
                              ", and no host starts without it; create it or remove the entry"});
  return place(misfits, loaded.origins);
}

std::vector<ConfigProblem> key_warnings(const LoadedSettings& loaded) {
  std::vector<ConfigProblem> warnings;
  for (const auto& [name, provider] : loaded.settings.providers) {
    if (!provider.key || !provider.key->command.empty()) continue;
    const auto key = load_secret(*provider.key, [](const char* variable) { return std::getenv(variable); });
    const std::string setting = "providers." + toml_key(name) + ".key";
    if (!key)
      warnings.push_back(placed(loaded.origins, setting,
                                setting + ": " + key.error().message + "; until then it cannot be asked"));
  }
  return warnings;
}

}  // namespace toolpost
