// toolpost: the command line. Parsing only; what a command does is in cli/.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "cli/commands.hpp"

namespace {

int run(int argc, char** argv) {
  using namespace toolpost;
  CLI::App app{"Toolpost: a plugin host for AI workflow tools", "toolpost"};
  app.set_version_flag("--version", kVersion);
  app.require_subcommand(1);
  app.footer("Exit status: 0 done, 1 the call or check failed, 2 wrong use or configuration.");
  HostOptions options;
  std::string config_file;
  app.add_option("--config", config_file, "A configuration file; read after the system's and the user's");
  app.add_option("--state-dir", options.state_dir, "Where threads and plugin copies are kept");

  auto* serve = app.add_subcommand("serve", "Speak MCP over stdin and stdout");
  CallCommand call;
  auto* call_command = app.add_subcommand("call", "Run one tool:  toolpost call echo '{\"text\":\"hello\"}'");
  call_command->add_option("tool", call.tool)->required();
  call_command->add_option("arguments", call.arguments, "A JSON object");
  call_command->add_option("--record", call.record_file, "Write the call's journal to this file, for replay");
  call_command->add_flag("--patient", call.patient, "Wait as long as [ceilings_long] allows, not [ceilings]");
  call_command->add_flag("--durable", call.durable,
                         "The same, and what it has so far survives a crash: call it again to go on");
  auto* calls =
      app.add_subcommand("calls", "Calls that survive: interrupted ones, and outcomes nobody has heard");
  calls->require_subcommand(1);
  auto* calls_list = calls->add_subcommand("list", "List them");
  std::string shown_call, purged_call;
  auto* calls_show = calls->add_subcommand("show", "Print a call's outcome, or the answers it has so far");
  calls_show->add_option("id", shown_call)->required();
  auto* calls_resume = calls->add_subcommand("resume", "Finish all durable calls whose host died");
  auto* calls_purge = calls->add_subcommand("purge", "Forget one call, or all that are not running");
  calls_purge->add_option("id", purged_call);
  std::string replay_file;
  auto* replay = app.add_subcommand("replay", "Repeat a recorded call exactly, without performing anything");
  replay->add_option("file", replay_file)->required();
  auto* plugins =
      app.add_subcommand("plugins", "List plugins, what was refused and why, and what could be granted");
  std::string inspected;
  bool quiet = false;
  auto* inspect = app.add_subcommand("inspect", "Check a plugin file without running it");
  inspect->add_option("file", inspected)->required();
  inspect->add_flag("--quiet", quiet, "Print problems only");
  auto* smoke =
      app.add_subcommand("smoke", "Call every tool through a server of its own and show how it went");
  auto* config = app.add_subcommand("config", "Check or print the configuration");
  config->require_subcommand(1);
  auto* check = config->add_subcommand("check", "Read the configuration and report every problem");
  bool defaults = false;
  auto* print = config->add_subcommand("print", "Print the configuration in force");
  print->add_flag("--defaults", defaults, "Print every setting with its documentation and default");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (!config_file.empty()) options.config_file = config_file;
  if (serve->parsed()) return run_serve(options);
  if (call_command->parsed()) return run_call(options, call);
  if (calls_list->parsed()) return run_calls_list(options);
  if (calls_show->parsed()) return run_calls_show(options, shown_call);
  if (calls_resume->parsed()) return run_calls_resume(options);
  if (calls_purge->parsed()) return run_calls_purge(options, purged_call);
  if (replay->parsed()) return run_replay(options, replay_file);
  if (plugins->parsed()) return run_plugins(options);
  if (inspect->parsed()) return run_inspect(inspected, quiet ? InspectOutput::problems : InspectOutput::full);
  if (smoke->parsed()) return run_smoke(options);
  if (check->parsed()) return run_config_check(options);
  if (print->parsed())
    return run_config_print(options, defaults ? ConfigPrint::defaults : ConfigPrint::effective);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const int status = run(argc, argv);
  std::cout.flush();
  std::fflush(nullptr);
  // Not exit(): a plugin that hangs in a constructor in-process keeps the loader's lock, which exit() waits
  // for.
  std::_Exit(status);
}
