#pragma once
// The one form of a JSON text that has the same bytes whenever it means the same, and its digest.
// Linked by the sandboxed worker too, so nothing heavy comes with it.

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace toolpost {

/// Sorted keys, no white space, shortest numbers. Errors: invalid_input for what is no JSON or nests deeper than 512.
Result<std::string> canonical_json(std::string_view text);

/// XXH3 with 128 bits as 32 hex digits. Tells texts apart; no defence against someone who searches for a collision.
std::string digest_hex(std::string_view bytes);

}  // namespace toolpost
