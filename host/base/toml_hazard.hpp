#pragma once
// Finds what toml++ must not be given, before it reads a text from outside. It makes a table within a table
// of every part of a dotted key and recurses through all of them, so a key of 100 KiB would exhaust the
// stack; and version 3.3 has undefined behaviour where a letter that is not ASCII stands behind a value.
// Not a parser: all other mistakes are left for toml++ to tell (see toml_parse.hpp).

#include <cstddef>
#include <optional>
#include <string_view>

namespace toolpost {

constexpr std::size_t kTomlKeyPartsMax = 16;
constexpr std::size_t kTomlNestingMax = 32;  // of lists and inline tables

struct TomlHazard {
  std::size_t line = 0;  // from 1
  const char* why = nullptr;
};

/// The first one; nothing if toml++ may read `toml`.
std::optional<TomlHazard> find_toml_hazard(std::string_view toml);

}  // namespace toolpost
