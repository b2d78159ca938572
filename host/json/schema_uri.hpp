#pragma once
// References between schemas as RFC 3986 resolves them. Nothing is ever fetched; these are only names.

#include <string>
#include <string_view>

namespace toolpost {

/// `reference` as seen from `base`, with its fragment.
std::string resolve_uri(std::string_view base, std::string_view reference);

/// %41 becomes A; what is no escape stays.
std::string decode_percent(std::string_view text);

}  // namespace toolpost
