#pragma once
// Reads the text of a `.env` file as the predecessor's loader does: `export`, quotes, comments, CRLF. Knows
// no variable's meaning (see env_import) and quotes nothing of what it refuses: a line may be a key in the
// wrong place.

#include <string>
#include <string_view>
#include <vector>

namespace toolpost {

struct EnvEntry {
  std::string name;   // [A-Z_][A-Z0-9_]*, at most 64 bytes
  std::string value;  // without quotes; valid UTF-8 without NUL
  unsigned line = 0;  // counted from 1
};

struct EnvFault {
  unsigned line = 0;
  std::string message;  // what is wrong and what to do; nothing of the line
};

struct EnvFile {
  std::vector<EnvEntry> entries;  // in the order of the file, duplicates included
  std::vector<EnvFault> faults;   // lines that set nothing
};

/// Rules: a value in double quotes knows \n, \r, \t, \" and \\, one in single quotes only \' and \\, and both
/// may span lines; elsewhere " #" begins a comment and spaces at the ends go. ${NAME} is not filled in: a
/// fault.
EnvFile parse_env_file(std::string_view text);

}  // namespace toolpost
