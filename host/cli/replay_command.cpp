#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

#include "cli/call_recording.hpp"
#include "cli/command_failure.hpp"
#include "cli/commands.hpp"

namespace toolpost {
namespace {

bool same(const CallOutcome& outcome, const RecordedCall& recording, ReplayCommand::Match match) {
  if (outcome.code != recording.code || outcome.parts.size() != recording.parts.size()) return false;
  for (std::size_t i = 0; i < outcome.parts.size(); ++i) {
    if (outcome.parts[i].media_type != recording.parts[i].media_type) return false;
    if (match == ReplayCommand::Match::exact && outcome.parts[i].bytes != recording.parts[i].bytes)
      return false;
  }
  return true;
}

std::string difference(const CallOutcome& outcome, const RecordedCall& recording) {
  std::string text = "the replay ended with " + std::string(name(outcome.code)) + ", the recording with " +
                     std::string(name(recording.code));
  if (outcome.code != recording.code) return text;
  return text + ", and other output; --match=kind ignores that, --update takes it as the right one";
}

}  // namespace

int run_replay(const HostOptions& options, const ReplayCommand& command) {
  std::ifstream stream(command.file, std::ios::binary);
  if (!stream)
    return fail(options, {Errc::not_found, command.file + " cannot be read: " + std::strerror(errno)}, 2);
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  const auto recording = parse_journal(text);
  if (!recording) return fail(options, recording.error().with(command.file), 2);
  const auto host = set_up_host(options);
  if (!host) return 2;
  int status = 1;
  const auto started = host->runtime->replay(*recording, [&](const CallOutcome& outcome, const Journal*) {
    print_outcome(outcome, options.output);
    const bool as_recorded = same(outcome, *recording, command.match);
    status = as_recorded ? 0 : 1;
    if (!as_recorded) std::cerr << "toolpost: " << difference(outcome, *recording) << "\n";
    // The journal stays the recorded one: what the effects answered is what makes it repeatable.
    if (command.update) {
      const auto written = write_recording(command.file, {recording->header, recording->entries, outcome.code,
                                                          outcome.message, outcome.parts});
      if (written) {
        std::cerr << "toolpost: " << command.file << " now holds this outcome\n";
      } else {
        std::cerr << "toolpost: " << written.error().message << "\n";
      }
      status = written ? 0 : 1;
    }
    host->loop.stop();
  });
  if (!started) return fail(options, started.error());
  host->loop.run();
  return status;
}

}  // namespace toolpost
