#include "json/utf8.hpp"

#include <cstring>

namespace toolpost {
namespace {

/// Length of the sequence that begins at `text`, 0 if it is none. The ranges are table 3-7 of the Unicode
/// Standard.
std::size_t sequence_size(const unsigned char* text, std::size_t left) {
  const auto tail = [&](std::size_t at) { return (text[at] & 0xc0) == 0x80; };
  const unsigned char lead = text[0];
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4 || left < 2 || !tail(1)) return 0;
  if (lead < 0xe0) return 2;
  if (left < 3 || !tail(2)) return 0;
  if (lead < 0xf0) {
    if (lead == 0xe0 && text[1] < 0xa0) return 0;  // overlong
    if (lead == 0xed && text[1] > 0x9f) return 0;  // surrogate
    return 3;
  }
  if (left < 4 || !tail(3)) return 0;
  if (lead == 0xf0 && text[1] < 0x90) return 0;  // overlong
  if (lead == 0xf4 && text[1] > 0x8f) return 0;  // past U+10FFFF
  return 4;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t at = 0;
  while (at < text.size()) {
    std::uint64_t word = 0;
    while (text.size() - at >= sizeof word) {
      std::memcpy(&word, bytes + at, sizeof word);
      if ((word & kHighBits) != 0) break;
      at += sizeof word;
    }
    if (at == text.size()) break;
    const std::size_t size = sequence_size(bytes + at, text.size() - at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size =
        sequence_size(reinterpret_cast<const unsigned char*>(text.data()) + at, text.size() - at);
    out += size == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(at, size);
    at += size == 0 ? 1 : size;
  }
  return out;
}

}  // namespace toolpost
