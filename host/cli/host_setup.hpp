#pragma once
// Everything a command needs before it can do its work, in the order that keeps secrets from the spawner.

#include <memory>
#include <optional>
#include <string>

#include "base/event_loop.hpp"
#include "cli/config_reading.hpp"
#include "runtime/runtime.hpp"
#include "worker/spawner.hpp"

namespace toolpost {

constexpr const char* kVersion = "0.1.0";
/// Whose calls, threads and values these are: one user and one client until calls come over HTTP.
constexpr const char* kLocalOwner = "local:1";

enum class Output { human, json };
/// `serve` lives for as long as its client, and keeps a log in the state folder.
enum class HostPurpose { command, serve };

struct HostOptions {
  std::optional<std::string> config_file;  // --config
  std::string state_dir;                   // --state-dir; empty: as configured
  Output output = Output::human;           // --json
  HostPurpose purpose = HostPurpose::command;
};

/// What one configuration needs; each borrows what stands above it.
struct HostParts {
  std::unique_ptr<Spawner> spawner;
  std::unique_ptr<Runtime> runtime;
  std::unique_ptr<Log> log;

  HostParts() = default;
  HostParts(HostParts&&) = default;
  HostParts& operator=(HostParts&&) = delete;
  ~HostParts() {
    if (runtime) runtime->on_event = nullptr;  // the log goes first
  }
};

struct HostLoop {
  EventLoop loop;
  Metrics metrics;
};

/// The loop outlives the parts, as the order of the bases has it.
struct Host : HostLoop, HostParts {
  /// For whoever takes the parts over.
  HostParts& parts() { return *this; }
};

/// The folder of our own binary; plugins and the worker program lie beside it.
std::string install_prefix();

/// Prints what is wrong with the configuration, or worth a warning, on stderr; for --json what is wrong also
/// as one document.
void show_problems(const ConfigReading& reading, Output output = Output::human);

/// Reads the configuration only. Prints all problems on stderr; nothing is returned then.
std::optional<Settings> load_configuration(const HostOptions& options);

/// The process that starts workers; the first one before secrets are read.
Result<std::unique_ptr<Spawner>> start_spawner();

/// Where state is kept: --state-dir, else store.state_dir, else the user's. Errors: invalid_config.
Result<std::string> state_folder(const HostOptions& options, const Settings& settings);

/// Opens a runtime with its log. `keys` as in RuntimePlaces. Errors: of opening either, or of `spawner`.
Result<HostParts> make_parts(EventLoop& loop, Metrics& metrics, Result<std::unique_ptr<Spawner>> spawner,
                             Settings settings, const HostOptions& options,
                             std::function<Result<Secret>(const std::string& provider)> keys = {});

/// Starts the spawner, reads the configuration, opens the runtime. Null when that fails; why is printed on
/// stderr, or given in `problem` (faults of the configuration are printed all the same).
std::unique_ptr<Host> set_up_host(const HostOptions& options, std::string* problem = nullptr);

struct MisfitProblems {
  std::vector<ConfigProblem> problems;
  std::vector<ConfigProblem> warnings;
};
/// What the configuration says that the plugins of this installation do not take; reads the plugins, runs
/// none.
MisfitProblems misfit_problems(const LoadedSettings& loaded);

/// Keys that are not where the configuration says. Programs that print one are not run.
std::vector<ConfigProblem> key_warnings(const LoadedSettings& loaded);

/// Has the servers that are configured without models say which they have, and waits for that.
void ask_for_models(Host& host);

/// Opens every plugin once and waits until each is known to run or not, for a little more than
/// workers.ready_max_ms.
void verify_all_plugins(Host& host);

}  // namespace toolpost
