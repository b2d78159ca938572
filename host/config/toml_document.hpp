#pragma once
// TOML text as a plain tree with positions, and the few conversions that configuration needs.
// Keeps toml++ out of every other file. Not for JSON messages (see json/).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config_problem.hpp"

namespace toolpost {

struct TomlNode {
  enum class Kind { boolean, integer, number, text, date, list, table };

  Kind kind = Kind::table;
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;
  std::string text;                // of a text; a date as it is written
  std::vector<TomlNode> children;  // of a list or table; a table's are sorted by key
  std::string key;                 // within the table that holds it
  unsigned line = 0, column = 0;   // of the key, or of the value in a list

  const TomlNode* find(std::string_view wanted) const;
};

struct TomlOutcome {
  TomlNode root;
  std::optional<ConfigProblem> problem;  // the parser stops at the first syntax error
};

/// Borrows nothing. Text over 1 MiB and what find_toml_hazard() finds are problems too.
TomlOutcome parse_toml(std::string_view text, const std::string& file);

/// For messages: `the string "abc"`, `the whole number 3`; long texts are cut, control characters escaped.
std::string describe(const TomlNode& node);

/// A table as JSON text. Dates, inf and nan have no JSON form: then nothing, and `culprit` points at the
/// node.
std::optional<std::string> to_json(const TomlNode& node, const TomlNode*& culprit);

/// JSON text made by to_json() as an inline TOML value; they differ in ':' alone.
std::string json_to_toml(std::string_view json);

/// `text` as a basic string, valid in both TOML and JSON.
std::string toml_quoted(std::string_view text);
/// `key` bare if TOML allows it, else quoted.
std::string toml_key(std::string_view key);
/// Shortest text that reads back as the same number, always with a '.' or an exponent.
std::string toml_number(double value);

}  // namespace toolpost
