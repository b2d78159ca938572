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

enum class Output { human, json };

struct HostOptions {
  std::optional<std::string> config_file;  // --config
  std::string state_dir;                   // --state-dir; empty: as configured
  Output output = Output::human;           // --json
};

struct Host {
  EventLoop loop;
  std::unique_ptr<Spawner> spawner;
  std::unique_ptr<Runtime> runtime;
  std::unique_ptr<Log> log;  // borrows the runtime's redactor
};

/// The folder of our own binary; plugins and the worker program lie beside it.
std::string install_prefix();

/// Prints what is wrong with the configuration, or worth a warning, on stderr.
void show_problems(const ConfigReading& reading);

/// Reads the configuration only. Prints all problems on stderr; nothing is returned then.
std::optional<Settings> load_configuration(const HostOptions& options);

/// Starts the spawner, reads the configuration, opens the runtime. Prints what is wrong on stderr and returns
/// null.
std::unique_ptr<Host> set_up_host(const HostOptions& options);

/// Opens every plugin once and waits until each is known to run or not, for at most ten seconds.
void verify_all_plugins(Host& host);

}  // namespace toolpost
