#pragma once
// The one form of a JSON text that has the same bytes whenever it means the same, and a digest for it.
// Linked by the sandboxed worker too, so neither a parser library nor RE2 comes with it. Not for checking
// input from clients: that is JsonReader, with limits.

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace toolpost {

/// Keys sorted by their UTF-8 bytes, no white space, each string with as few escapes as possible, each number
/// in one way: 1, 1.0 and 10e-1 are all `1`, -0 is `0`, others the shortest digits that read back as the same
/// double. Errors: invalid_input, with the byte it is at, for what is no JSON, repeats a key, has an integer
/// outside 64 bits or a number outside double, or nests deeper than 512.
Result<std::string> canonical_json(std::string_view text);

/// XXH3 with 128 bits as 32 hex digits. Tells texts apart; no defence against someone who searches for a
/// collision.
std::string digest_hex(std::string_view bytes);

}  // namespace toolpost
