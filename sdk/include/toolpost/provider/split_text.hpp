#pragma once
// Text that a server cut in the middle of a character: half of its UTF-8 bytes in one stream event and the
// rest in the next, or the two halves of a \ud83d\ude00 pair. parse_event() keeps the halves, mend() joins
// them once all pieces are together. Not for text that is whole: that is parsed as ever and costs nothing.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace toolpost::provider {

using json = nlohmann::json;

// Halves travel as private code points of the last plane, which no text has a use for.
constexpr std::uint32_t kHalfSurrogate = 0x10f000;  // and the 0x800 after it
constexpr std::uint32_t kHalfByte = 0x10f800;       // and the 0x100 after it

inline void append_code_point(std::string& out, std::uint32_t point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xc0 | point >> 6);
    out += static_cast<char>(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xe0 | point >> 12);
    out += static_cast<char>(0x80 | (point >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (point & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | point >> 18);
    out += static_cast<char>(0x80 | (point >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (point >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (point & 0x3f));
  }
}

/// The bytes of the valid UTF-8 character that begins at `at`; 0 if none does.
inline std::size_t character_size(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const std::size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (text.size() - at < size) return 0;
  for (std::size_t i = at + 1; i < at + size; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  const unsigned char second = byte(at + 1);
  const bool wrong = (lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
                     (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f);
  return wrong ? 0 : size;
}

/// The value of the four hex digits behind "\u" at `at`; -1 if there are none.
inline std::int32_t escaped_unit(std::string_view text, std::size_t at) {
  if (text.size() < at + 6 || text[at] != '\\' || text[at + 1] != 'u') return -1;
  std::int32_t unit = 0;
  for (std::size_t i = at + 2; i < at + 6; ++i) {
    const char c = text[i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

/// JSON text in which nothing is half a character any more.
inline std::string with_halves_kept(std::string_view text) {
  const auto is_high = [](std::int32_t unit) { return unit >= 0xd800 && unit < 0xdc00; };
  const auto is_low = [](std::int32_t unit) { return unit >= 0xdc00 && unit < 0xe000; };
  std::string out;
  out.reserve(text.size() + 16);
  for (std::size_t i = 0; i < text.size();) {
    const std::int32_t unit = escaped_unit(text, i);
    if (is_high(unit) && is_low(escaped_unit(text, i + 6))) {
      out.append(text, i, 12);
      i += 12;
    } else if (is_high(unit) || is_low(unit)) {
      append_code_point(out, kHalfSurrogate + static_cast<std::uint32_t>(unit - 0xd800));
      i += 6;
    } else if (text[i] == '\\') {
      out.append(text, i, 2);
      i += 2;
    } else if (const std::size_t size = character_size(text, i); size != 0) {
      out.append(text, i, size);
      i += size;
    } else {
      append_code_point(out, kHalfByte + static_cast<unsigned char>(text[i++]));
    }
  }
  return out;
}

/// One event of a stream; discarded if it is no JSON even with half characters allowed.
inline json parse_event(std::string_view data) {
  json parsed = json::parse(data, nullptr, false);
  return parsed.is_discarded() ? json::parse(with_halves_kept(data), nullptr, false) : parsed;
}

/// Joins the halves that parse_event() kept; what has no other half becomes U+FFFD. Always valid UTF-8.
inline std::string mend(const std::string& text) {
  if (text.find("\xf4\x8f") == std::string::npos) return text;
  const auto half_at = [&](std::size_t at) -> std::uint32_t {
    if (at + 4 > text.size() || text.compare(at, 2, "\xf4\x8f") != 0) return 0;
    const auto low = [&](std::size_t i) { return static_cast<std::uint32_t>(text[i]) & 0x3f; };
    const std::uint32_t point = 0x10f000 | low(at + 2) << 6 | low(at + 3);
    return point < kHalfByte + 0x100 ? point : 0;
  };
  std::string bytes;
  for (std::size_t i = 0; i < text.size();) {
    const std::uint32_t half = half_at(i);
    if (half == 0) {
      bytes += text[i++];
    } else if (half >= kHalfByte) {
      bytes += static_cast<char>(half - kHalfByte);
      i += 4;
    } else {
      const std::uint32_t high = half - kHalfSurrogate;
      const std::uint32_t next = half_at(i + 4);
      const bool pair = high < 0x400 && next >= kHalfSurrogate + 0x400 && next < kHalfByte;
      append_code_point(bytes, pair ? 0x10000 + (high << 10) + (next - kHalfSurrogate - 0x400) : 0xfffd);
      i += pair ? 8 : 4;
    }
  }
  std::string out;
  for (std::size_t i = 0; i < bytes.size();) {
    const std::size_t size = character_size(bytes, i);
    if (size == 0) out += "\xef\xbf\xbd";
    out.append(bytes, i, size);
    i += size == 0 ? 1 : size;
  }
  return out;
}

}  // namespace toolpost::provider
