#pragma once
// Turns the predecessor's `.env` into a configuration of ours, and says of every variable what became of it.
// Pure: text in, text out. No value of a key, of an unknown variable or of anything that is refused is in
// what comes out.

#include <string>
#include <string_view>
#include <vector>

#include "config/config_problem.hpp"

namespace toolpost {

struct EnvNote {
  /// kept, changed, key, no_effect, unusable, unknown, unset, duplicate, bad_line, adjusted
  std::string effect;
  std::string variable;  // empty: of a line that has none, or of the file as a whole
  unsigned line = 0;     // 0: of none alone
  std::string setting;   // that it went to; empty: none
  std::string message;   // empty where the effect says it all
};

struct EnvImport {
  std::string toml;                     // a whole file; loads without a problem
  std::vector<EnvNote> notes;           // by line, then those of the file as a whole
  std::vector<ConfigProblem> problems;  // of loading it: always empty, or this code has a mistake
};

EnvImport import_env(std::string_view text);

}  // namespace toolpost
