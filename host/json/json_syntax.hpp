#pragma once
// Where a text stops being JSON, for messages to people. Not for reading JSON (json_reader.hpp).

#include <string>
#include <string_view>

namespace toolpost {

/// "line 2, column 5" of the first fault against the grammar, in bytes from 1; empty if there is none. Takes
/// time in proportion to the text, and memory in proportion to its nesting.
std::string syntax_fault_place(std::string_view text);

}  // namespace toolpost
