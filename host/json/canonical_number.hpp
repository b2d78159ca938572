#pragma once
// The one way to write each JSON number. Private to canonical_json.cpp.

#include <string>
#include <string_view>

namespace toolpost {

/// Appends the canonical form of `text`, which follows JSON's grammar of numbers; false if it does not fit.
bool append_canonical_number(std::string& out, std::string_view text);

/// How many bytes at the front of `text` are a JSON number, 0 if none.
std::size_t number_size(std::string_view text);

}  // namespace toolpost
