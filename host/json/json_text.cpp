#include "json/json_text.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace toolpost {
namespace {

constexpr auto kSpecial = [] {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0; byte < 0x20; ++byte) table[byte] = true;
  table['"'] = table['\\'] = table[0x7f] = true;
  return table;
}();

constexpr std::uint64_t every(std::uint64_t byte) {
  return byte * 0x0101010101010101;
}

/// Not 0 if a byte of `word` is 0; the classic subtraction, exact as long as only "any" is asked.
constexpr std::uint64_t any_zero(std::uint64_t word) {
  return (word - every(0x01)) & ~word & every(0x80);
}

bool any_special(std::uint64_t word) {
  const std::uint64_t below_space = (word - every(0x20)) & ~word & every(0x80);
  return (below_space | any_zero(word ^ every('"')) | any_zero(word ^ every('\\')) |
          any_zero(word ^ every(0x7f))) != 0;
}

/// Grows at least twofold, so that many small appends stay cheap and a large one moves `out` only once.
void make_room(std::string& out, std::size_t more) {
  if (out.capacity() - out.size() < more) out.reserve(std::max(out.size() + more, out.capacity() * 2));
}

void append_escape(std::string& out, unsigned char byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  switch (byte) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      out += "\\u00";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
  }
}

std::optional<char32_t> four_digits(std::string_view raw, std::size_t at) {
  if (raw.size() - std::min(at, raw.size()) < 4) return std::nullopt;
  char32_t code = 0;
  for (const char digit : raw.substr(at, 4)) {
    const char lower = static_cast<char>(digit | 0x20);
    if (digit >= '0' && digit <= '9') {
      code = code << 4 | static_cast<char32_t>(digit - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      code = code << 4 | static_cast<char32_t>(lower - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return code;
}

/// `at` is behind the `u` and moves behind the last digit.
bool append_unicode_escape(std::string& out, std::string_view raw, std::size_t& at) {
  const auto first = four_digits(raw, at);
  if (!first || (*first >= 0xdc00 && *first <= 0xdfff)) return false;
  at += 4;
  if (*first < 0xd800 || *first > 0xdbff) {
    append_code_point(out, *first);
    return true;
  }
  if (raw.substr(at, 2) != "\\u") return false;
  const auto second = four_digits(raw, at + 2);
  if (!second || *second < 0xdc00 || *second > 0xdfff) return false;
  at += 6;
  append_code_point(out, 0x10000 + ((*first - 0xd800) << 10) + (*second - 0xdc00));
  return true;
}

}  // namespace

std::size_t find_special(std::string_view text, std::size_t at) {
  std::uint64_t word = 0;
  for (; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if (any_special(word)) break;
  }
  while (at < text.size() && !kSpecial[static_cast<unsigned char>(text[at])]) ++at;
  return at;
}

std::size_t find_closing_quote(std::string_view text, std::size_t at) {
  const std::size_t begin = at;
  while (at < text.size()) {
    const void* quote = std::memchr(text.data() + at, '"', text.size() - at);
    if (quote == nullptr) break;
    at = static_cast<std::size_t>(static_cast<const char*>(quote) - text.data());
    // Escaped if behind an odd number of backslashes. Each run of them is counted once, so this stays linear.
    std::size_t backslashes = 0;
    while (at - backslashes > begin && text[at - backslashes - 1] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return at;
    ++at;
  }
  return std::string_view::npos;
}

void append_json_string(std::string& out, std::string_view utf8) {
  make_room(out, utf8.size() + utf8.size() / 16 + 2);
  out += '"';
  std::size_t at = 0;
  while (true) {
    const std::size_t special = find_special(utf8, at);
    out.append(utf8, at, special - at);
    if (special >= utf8.size()) break;
    append_escape(out, static_cast<unsigned char>(utf8[special]));
    at = special + 1;
  }
  out += '"';
}

bool append_unescaped(std::string& out, std::string_view raw) {
  make_room(out, raw.size());
  std::size_t at = 0;
  while (true) {
    const std::size_t special = find_special(raw, at);
    out.append(raw, at, special - at);
    if (special >= raw.size()) return true;
    at = special + 1;
    if (raw[special] == '\x7f') {
      out += '\x7f';
      continue;
    }
    if (raw[special] != '\\' || at == raw.size()) return false;
    switch (raw[at++]) {
      case '"':
        out += '"';
        break;
      case '\\':
        out += '\\';
        break;
      case '/':
        out += '/';
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u':
        if (!append_unicode_escape(out, raw, at)) return false;
        break;
      default:
        return false;
    }
  }
}

}  // namespace toolpost
