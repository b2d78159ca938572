#pragma once
// A journal as text: JSON lines, a header, one line per effect, then the outcome. What `call --record`
// writes, `replay` reads, and the store keeps line by line. Holds requests and results as they were, so files
// are made 0600 by their writer.

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
/// A journal's lines, each with its newline.
std::string header_line(const JournalHeader& header);
std::string entry_line(const JournalEntry& entry);
std::string outcome_line(Errc code, const std::string& message, const std::vector<TurnPart>& parts);

enum class JournalState { ended, running };
/// A running call's journal may end before the outcome. Errors: invalid_input, naming the line.
Result<RecordedCall> parse_journal(std::string_view text, JournalState state = JournalState::ended);

}  // namespace toolpost
