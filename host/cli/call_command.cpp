#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <iterator>

#include "cli/commands.hpp"

namespace toolpost {
namespace {

void print_outcome(const CallOutcome& outcome) {
  if (outcome.code != Errc::ok) {
    std::cerr << "toolpost: " << name(outcome.code) << ": " << outcome.message << "\n";
    return;
  }
  for (const TurnPart& part : outcome.parts) std::cout << part.bytes << "\n";
}

Result<void> write_private(const std::string& file, const std::string& text) {
  // A recording holds requests and answers whole.
  const UniqueFd fd(open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd || write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return Error{Errc::unavailable, "cannot write " + file};
  }
  return {};
}

RecordedCall recorded(const Journal& journal, const CallOutcome& outcome) {
  return {journal.header(), journal.entries(), outcome.code, outcome.message, outcome.parts};
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
  host->runtime->call_tool(
      request,
      [&](const CallOutcome& outcome, const Journal* journal) {
        print_outcome(outcome);
        status = outcome.code == Errc::ok ? 0 : 1;
        if (!command.record_file.empty() && journal != nullptr) {
          if (auto written = write_private(command.record_file, journal_text(recorded(*journal, outcome)));
              !written) {
            std::cerr << "toolpost: " << written.error().message << "\n";
            status = 1;
          }
        }
        host->loop.stop();
      },
      [](const CallProgress& progress) { std::cerr << progress.message << "\n"; });
  host->loop.run();
  return status;
}

int run_replay(const HostOptions& options, const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  const auto recording = parse_journal(text);
  if (!recording) {
    std::cerr << "toolpost: " << file << ": " << recording.error().message << "\n";
    return 2;
  }
  const auto host = set_up_host(options);
  if (!host) return 2;
  int status = 1;
  const auto started = host->runtime->replay(*recording, [&](const CallOutcome& outcome, const Journal*) {
    print_outcome(outcome);
    bool same = outcome.code == recording->code && outcome.parts.size() == recording->parts.size();
    for (std::size_t i = 0; same && i < outcome.parts.size(); ++i)
      same = outcome.parts[i].bytes == recording->parts[i].bytes;
    if (!same) {
      std::cerr << "toolpost: the replay ended with " << name(outcome.code) << ", the recording with "
                << name(recording->code) << (outcome.code == recording->code ? ", and other output" : "")
                << "\n";
    }
    status = same ? 0 : 1;
    host->loop.stop();
  });
  if (!started) {
    std::cerr << "toolpost: " << started.error().message << "\n";
    return 1;
  }
  host->loop.run();
  return status;
}

}  // namespace toolpost
