#pragma once
// Finds what would make a TOML tree too deep, before toml++ builds it. toml++ makes a table within a table of
// every part of a dotted key and recurses through all of them, so a key of 100 KiB would exhaust the stack.
// Not a parser: what is no TOML is left for toml++ to refuse.

#include <cstddef>
#include <string_view>

namespace toolpost {

constexpr std::size_t kTomlKeyPartsMax = 16;
constexpr std::size_t kTomlNestingMax = 32;  // of lists and inline tables

/// The line, from 1, of the first key of more parts or value nested deeper; 0 if there is none.
std::size_t toml_deep_line(std::string_view toml);

}  // namespace toolpost
