#include <unistd.h>

#include <functional>
#include <iostream>

#include "cli/call_recording.hpp"
#include "cli/commands.hpp"
#include "cli/terminal_desk.hpp"

namespace toolpost {
namespace {

void print_progress(const CallProgress& progress) {
  std::cerr << progress.message << "\n";
}

}  // namespace

int run_call(const HostOptions& options, const CallCommand& command) {
  const auto host = set_up_host(options);
  if (!host) return 2;
  int status = 1;
  ToolRequest request;
  request.tool = command.tool;
  request.arguments_json = command.arguments;
  if (command.patient) request.profile = CeilingProfile::patient;
  request.durable = command.durable;
  // Whoever sits at a terminal sees that a call goes on, as a client does.
  const bool people = options.output == Output::human && ::isatty(STDERR_FILENO) == 1;
  RequestNumber number = 0;
  std::function<void()> tell = [&] {
    std::cerr << host->runtime->describe(number) << " ...\n";
    host->loop.after(host->runtime->settings().deadlines.progress_interval, tell);
  };
  TerminalDesk desk(host->loop, STDIN_FILENO, STDERR_FILENO);
  if (people && ::isatty(STDIN_FILENO) == 1)
    request.reach = {true, false, &desk};  // a person sits there who can be asked
  number = host->runtime->call_tool(
      request,
      [&](const CallOutcome& outcome, const Journal* journal) {
        print_outcome(outcome, options.output);
        status = outcome.code == Errc::ok ? 0 : 1;
        if (!command.record_file.empty() && journal != nullptr) {
          if (auto written = write_recording(command.record_file, recorded(*journal, outcome)); !written) {
            std::cerr << "toolpost: " << written.error().message << "\n";
            status = 1;
          }
        }
        host->loop.stop();
      },
      print_progress);
  if (people) host->loop.after(host->runtime->settings().deadlines.progress_interval, tell);
  host->loop.run();
  return status;
}

}  // namespace toolpost
