#include "base/text.hpp"

#include <algorithm>
#include <numeric>

namespace toolpost {
namespace {

constexpr std::size_t kStemMin = 3;  // letters; shorter ones begin too much

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, cost});
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<std::string> did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  // Two mistakes, or more in a long word; past a third of the letters a suggestion is a guess.
  word = word.substr(0, 128);
  std::size_t best = std::max<std::size_t>(2, word.size() / 3) + 1;
  std::optional<std::string> found;
  for (const std::string& candidate : candidates) {
    const std::size_t steps = distance(word, std::string_view(candidate).substr(0, 128));
    if (steps < best) {
      best = steps;
      found = candidate;
    }
  }
  if (found || word.size() < kStemMin) return found;
  // "logging" for "log", "conc" for "concurrency_max": one begins with the other.
  for (const std::string& candidate : candidates)
    if (candidate.size() >= kStemMin && (word.starts_with(candidate) || candidate.starts_with(word)))
      return candidate;
  return std::nullopt;
}

std::string plain_excerpt(std::string_view text, std::size_t bytes_max) {
  std::string plain(text.substr(0, bytes_max));
  for (char& byte : plain)
    if (byte < 0x20 || byte > 0x7e) byte = '?';
  return text.size() > bytes_max ? plain + "..." : plain;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

}  // namespace toolpost
