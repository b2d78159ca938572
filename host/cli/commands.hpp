#pragma once
// What each command of the program does. Exit status: 0 done, 1 the call or check failed, 2 wrong use or
// configuration.

#include <string>

#include "cli/host_setup.hpp"

namespace toolpost {

/// Speaks MCP over stdin and stdout until the client goes.
int run_serve(const HostOptions& options);

struct CallCommand {
  std::string tool;
  std::string arguments = "{}";
  std::string record_file;  // empty: none
  bool patient = false;     // [ceilings_long] instead of [ceilings]
  bool durable = false;     // the same, and it can go on after a crash
};
/// Runs one tool and prints its reply.
int run_call(const HostOptions& options, const CallCommand& command);

/// Repeats a recorded call without performing any effect and compares the outcome.
int run_replay(const HostOptions& options, const std::string& file);

/// What the store keeps of calls that run, were interrupted, or ended without anybody to hear it.
int run_calls_list(const HostOptions& options);
/// Prints what a call has so far: its outcome, or the answers that it paid for.
int run_calls_show(const HostOptions& options, const std::string& id);
/// Goes on with all durable calls whose host died, and waits for them.
int run_calls_resume(const HostOptions& options);
/// Forgets one call, or with an empty id all that no living host runs.
int run_calls_purge(const HostOptions& options, const std::string& id);

/// Lists plugins, what was refused and why, and what would have to be granted.
int run_plugins(const HostOptions& options);

/// Checks one plugin file without running it. `quiet` prints problems only.
enum class InspectOutput { full, problems };
int run_inspect(const std::string& file, InspectOutput output);

/// Starts a server of our own, speaks to it as a client does, calls every tool that has a sample.
int run_smoke(const HostOptions& options);

int run_config_check(const HostOptions& options);
enum class ConfigPrint { effective, defaults };
int run_config_print(const HostOptions& options, ConfigPrint which);

}  // namespace toolpost
