#pragma once
// Base64 (RFC 4648, section 4) for bodies that are not text.

#include <optional>
#include <string>
#include <string_view>

namespace toolpost {

std::string to_base64(std::string_view bytes);
/// Strict: padded, no white space, no bits set that padding throws away.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace toolpost
