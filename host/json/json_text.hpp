#pragma once
// Writes and reads single JSON strings by hand, where a document model would cost more than the text.

#include <string>
#include <string_view>

#include "json/utf8.hpp"

namespace toolpost {

/// Appends `utf8` as a quoted JSON string. Bytes that are no UTF-8 are passed through: check first where it
/// matters.
void append_json_string(std::string& out, std::string_view utf8);

/// Appends what `raw`, the text between the quotes of a JSON string, stands for. False, with `out` half
/// written, for unknown escapes, lone surrogates and bare control characters. UTF-8 is not checked.
[[nodiscard]] bool append_unescaped(std::string& out, std::string_view raw);

/// The first byte at or after `at` that a JSON string may not hold as it is, or `"`, `\` or DEL; size() if
/// none.
std::size_t find_special(std::string_view text, std::size_t at);

/// Where the closing quote of the string is whose text begins at `at`; npos if there is none.
std::size_t find_closing_quote(std::string_view text, std::size_t at);

}  // namespace toolpost
