#pragma once
// Small text questions that several layers ask. Not for JSON or Unicode policy (see json/).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace toolpost {

/// The candidate closest to `word` (Levenshtein), if close enough to be a likely typing mistake.
std::optional<std::string> did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

/// `text` for a message: at most `bytes_max` bytes, "..." behind it if it was cut, and "?" for what is not
/// plain ASCII, so that nothing of a stranger steers a terminal or hides in a log.
std::string plain_excerpt(std::string_view text, std::size_t bytes_max = 64);

/// Lower-case hex of `bytes`.
std::string to_hex(std::string_view bytes);

}  // namespace toolpost
