#pragma once
// UTF-8 one code point at a time, and the check that makes this safe. Not for policy on characters (see
// invisible.hpp).

#include <cstdint>
#include <string>
#include <string_view>

namespace toolpost {

/// No overlong forms, surrogates or values past U+10FFFF.
bool is_valid_utf8(std::string_view text);

/// `text` with U+FFFD in place of every byte that belongs to no whole character.
std::string replace_invalid_utf8(std::string_view text);

/// The code point at `at`, which moves past it. `text` must be valid UTF-8 and `at` inside it, at a boundary.
inline char32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&] { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at++])); };
  const std::uint32_t lead = byte();
  if (lead < 0x80) return lead;
  std::uint32_t code = lead < 0xe0 ? lead & 0x1f : lead < 0xf0 ? lead & 0x0f : lead & 0x07;
  for (int more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3; more > 0; --more) code = code << 6 | (byte() & 0x3f);
  return code;
}

inline void append_code_point(std::string& out, char32_t code) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

}  // namespace toolpost
