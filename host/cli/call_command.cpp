#include <unistd.h>

#include <functional>
#include <iostream>

#include "cli/call_recording.hpp"
#include "cli/command_failure.hpp"
#include "cli/commands.hpp"
#include "cli/interruption.hpp"
#include "cli/new_file.hpp"
#include "cli/terminal_desk.hpp"

namespace toolpost {
namespace {

void print_progress(const CallProgress& progress) {
  std::cerr << progress.message << "\n";
}

/// `-` stands for what comes over standard input.
std::string arguments_of(const CallCommand& command) {
  // No limits.message_bytes_max is higher: what is longer is refused as any other that is too long.
  constexpr std::size_t kBytesMax = 64 << 20;
  if (command.arguments != "-") return command.arguments;
  std::string text;
  char buffer[65536];
  while (text.size() <= kBytesMax && std::cin.read(buffer, sizeof buffer).gcount() > 0)
    text.append(buffer, static_cast<std::size_t>(std::cin.gcount()));
  return text;
}

}  // namespace

int run_call(const HostOptions& options, const CallCommand& command) {
  const std::string arguments = arguments_of(command);  // Ctrl-C still ends this at once
  Interruption interruption;
  const auto host = set_up_host(options);
  if (!host) return 2;
  // Before anything is asked: a journal that cannot be kept would be lost with what it cost.
  if (auto made = command.record_file.empty() ? Result<void>{} : write_new_file(command.record_file, "");
      !made)
    return fail(options, made.error(), 2);
  int status = 1;
  ToolRequest request;
  request.tool = command.tool;
  request.arguments_json = arguments;
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
        } else if (!command.record_file.empty()) {
          ::unlink(command.record_file.c_str());  // the call never ran
        }
        host->loop.stop();
      },
      print_progress);
  if (people) host->loop.after(host->runtime->settings().deadlines.progress_interval, tell);
  interruption.watch(host->loop, [&](int) {
    // A durable call is kept, and what it has so far: that is what it was called so for.
    if (!command.durable) host->runtime->cancel(number);
    fail(options,
         {Errc::cancelled, command.durable ? "interrupted; `toolpost calls resume` goes on with it, or "
                                             "the same call once more"
                                           : "interrupted; the call is cancelled"});
    if (!command.record_file.empty()) ::unlink(command.record_file.c_str());
    status = Interruption::kExitStatus;
    host->loop.stop();
  });
  host->loop.run();
  interruption.unwatch();
  return status;
}

}  // namespace toolpost
