#pragma once
// Writes JSON strings by hand where a document model would cost more than the text.

#include <string>
#include <string_view>

namespace toolpost {

/// Appends `utf8` as a quoted JSON string. Bytes that are no UTF-8 are passed through: check first where it matters.
void append_json_string(std::string& out, std::string_view utf8);

bool is_valid_utf8(std::string_view text);

}  // namespace toolpost
