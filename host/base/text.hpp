#pragma once
// Small text questions that several layers ask. Not for JSON or Unicode policy (see json/).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace toolpost {

/// The candidate closest to `word` (Levenshtein), if close enough to be a likely typing mistake.
std::optional<std::string> did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

/// Lower-case hex of `bytes`.
std::string to_hex(std::string_view bytes);

}  // namespace toolpost
