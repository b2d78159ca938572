#pragma once
// What settings must satisfy beyond their own type and range: nesting, pairs, URLs, paths, names.
// Decides only, on plain Settings; settings_load adds the places.

#include <string>
#include <vector>

#include "config/settings.hpp"

namespace toolpost {

struct RuleFinding {
  enum class Severity { problem, warning };
  Severity severity = Severity::problem;
  std::vector<std::string> settings;  // full names, e.g. "ceilings.tool_ms"; the first is the likely culprit
  std::string message;
};

/// Everything at once, in the order of the file.
std::vector<RuleFinding> check_rules(const Settings& settings);

}  // namespace toolpost
