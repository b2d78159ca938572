#pragma once
// What each command of the program does. Exit status: 0 done, 1 the call or check failed, 2 wrong use or
// configuration. With Output::json a command prints one JSON document on standard output and nothing else.

#include <cstdint>
#include <string>
#include <vector>

#include "cli/host_setup.hpp"

namespace toolpost {

/// Speaks MCP over stdin and stdout until the client goes.
int run_serve(HostOptions options);

struct CallCommand {
  std::string tool;
  std::string arguments = "{}";
  std::string record_file;  // empty: none
  bool patient = false;     // [ceilings_long] instead of [ceilings]
  bool durable = false;     // the same, and it can go on after a crash
};
/// Runs one tool and prints its reply.
int run_call(const HostOptions& options, const CallCommand& command);

struct ReplayCommand {
  /// What must be as recorded: outcome and every byte, or outcome and the media types of the parts.
  enum class Match { exact, kind };
  std::string file;
  Match match = Match::exact;
  bool update = false;  // write the new outcome into the file
};
/// Repeats a recorded call without performing any effect and compares the outcome.
int run_replay(const HostOptions& options, const ReplayCommand& command);

/// Lists the tools; with a name, shows that one's arguments and a call to try.
int run_tools(const HostOptions& options, const std::string& tool);

/// What the store keeps of calls that run, were interrupted, or ended without anybody to hear it.
int run_calls_list(const HostOptions& options);
/// Prints what a call has so far: its outcome, or the answers that it paid for.
int run_calls_show(const HostOptions& options, const std::string& id);
/// Goes on with all durable calls whose host died, and waits for them.
int run_calls_resume(const HostOptions& options);
/// Forgets one call, or with an empty id all that no living host runs.
/// `yes`: nobody is asked again before all are forgotten.
int run_calls_purge(const HostOptions& options, const std::string& id, bool yes);

/// What the store keeps of conversations, beside hosts that run; none of these needs one.
struct ThreadsCommand {
  std::vector<std::string> ids;                    // one, except for delete
  bool full = false;                               // show: texts uncut
  bool markdown = false;                           // export: instead of JSON
  std::string out;                                 // export: a new file; empty: standard output
  bool expired = false, all = false, yes = false;  // delete
};
int run_threads_list(const HostOptions& options, std::uint32_t limit);
int run_threads_show(const HostOptions& options, const ThreadsCommand& command);
int run_threads_export(const HostOptions& options, const ThreadsCommand& command);
int run_threads_delete(const HostOptions& options, const ThreadsCommand& command);

/// Lists plugins, what was refused and why, and what would have to be granted. `released`, when not empty:
/// the plugin that is taken out of quarantine instead.
int run_plugins(const HostOptions& options, const std::string& released);

/// Checks one plugin file without running it. `problems` prints nothing else.
enum class InspectOutput { full, problems, json };
int run_inspect(const std::string& file, InspectOutput output);

/// `all`: also one chat with each provider.
enum class SmokeScope { tools, all };
/// Starts a server of our own, speaks to it as a client does, calls every tool that has a sample, those that
/// the profile leaves out too.
int run_smoke(const HostOptions& options, SmokeScope scope);

/// Says what is wrong with this installation and how to mend it. `yes` also asks each provider's first model.
enum class DoctorProbe { no, yes };
int run_doctor(const HostOptions& options, DoctorProbe probe);

enum class StatusView { hosts, metrics, watch };
/// Shows the running hosts of the state folder, or their metrics as Prometheus text. `watch` shows them anew
/// each second until it is stopped. Status 1 when there is none.
int run_status(const HostOptions& options, StatusView view);

int run_config_check(const HostOptions& options);
struct ConfigPrintCommand {
  bool defaults = false;
  bool explain = false;
  bool markdown = false;
  std::string profile;  // empty: what is in force
};
int run_config_print(const HostOptions& options, const ConfigPrintCommand& command);

}  // namespace toolpost
