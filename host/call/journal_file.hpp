#pragma once
// A journal as a file: JSON lines, a header, one line per effect, then the outcome. What `call --record`
// writes and `replay` reads. Holds requests and results as they were, so files are made 0600 by their writer.

#include <string>

#include "call/journal.hpp"

namespace toolpost {

struct RecordedCall {
  JournalHeader header;
  std::vector<JournalEntry> entries;
  Errc code = Errc::ok;
  std::string message;          // when code is not ok
  std::vector<TurnPart> parts;  // when code is ok
};

std::string journal_text(const RecordedCall& call);
/// Errors: invalid_input, naming the line.
Result<RecordedCall> parse_journal(std::string_view text);

}  // namespace toolpost
