#pragma once
// What `call` and `replay` share: an outcome on the terminal or as JSON, and the file that keeps a call.

#include <string>

#include "call/journal_file.hpp"
#include "cli/host_setup.hpp"

namespace toolpost {

/// Replies on stdout and errors on stderr for people; one JSON object on stdout for programs.
void print_outcome(const CallOutcome& outcome, Output output);

RecordedCall recorded(const Journal& journal, const CallOutcome& outcome);
/// Mode 0600 from the first byte on: a recording holds requests and answers whole. Errors: unavailable.
Result<void> write_recording(const std::string& file, const RecordedCall& call);

}  // namespace toolpost
