#include <cctype>
#include <cstdio>
#include <cstring>

#include "json/invisible.hpp"
#include "json/invisible_class.hpp"
#include "json/json_text.hpp"

namespace toolpost {
namespace {

constexpr std::uint64_t every(std::uint64_t byte) {
  return byte * 0x0101010101010101;
}
constexpr std::uint64_t any_zero(std::uint64_t word) {
  return (word - every(0x01)) & ~word & every(0x80);
}

/// The next byte at or after `at` that is not ASCII, or is DEL or a backslash.
std::size_t find_unusual(std::string_view text, std::size_t at) {
  std::uint64_t word = 0;
  for (; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if (((word & every(0x80)) | any_zero(word ^ every(0x7f)) | any_zero(word ^ every('\\'))) != 0) break;
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x7f && text[at] != '\\') ++at;
  return at;
}

/// Whether the escape at `at`, a backslash, may stand for a character to strip. `at` moves behind what was
/// read.
bool odd_escape(std::string_view text, std::size_t& at) {
  if (text.size() - at < 2) return true;
  const char kind = text[at + 1];
  if (static_cast<unsigned char>(kind) >= 0x80)
    return true;  // malformed; on from inside a character otherwise
  at += 2;
  if (kind == 'b' || kind == 'f') return true;
  if (kind != 'u') return false;
  if (text.size() - at < 4) return true;
  char32_t code = 0;
  for (const char digit : text.substr(at, 4)) {
    if (std::isxdigit(static_cast<unsigned char>(digit)) == 0) return true;
    code = code << 4 | static_cast<char32_t>(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
  }
  at += 4;
  // Halves of the tag block and of the musical controls; low halves that may end a noncharacter.
  if (code >= 0xd800 && code <= 0xdfff)
    return code == 0xd834 || (code >= 0xdb40 && code <= 0xdb43) || code >= 0xdffe;
  return may_be_invisible(code);
}

/// may_need_cleaning for valid UTF-8.
bool is_suspicious(std::string_view text) {
  for (std::size_t at = find_unusual(text, 0); at < text.size(); at = find_unusual(text, at)) {
    if (text[at] == '\\') {
      if (odd_escape(text, at)) return true;
    } else if (may_be_invisible(next_code_point(text, at))) {
      return true;
    }
  }
  return false;
}

/// `key` with what cannot be seen written as <U+200B>, at most some 100 bytes of it.
std::string visible(std::string_view key) {
  std::string out;
  for (std::size_t at = 0; at < key.size() && out.size() < 100;) {
    const char32_t code = next_code_point(key, at);
    if (may_be_invisible(code)) {
      char name[16];
      std::snprintf(name, sizeof name, "<U+%04X>", static_cast<unsigned>(code));
      out += name;
    } else {
      append_code_point(out, code);
    }
  }
  return out;
}

bool is_key(std::string_view text, std::size_t behind_quote) {
  const std::size_t next = text.find_first_not_of(" \t\r\n", behind_quote);
  return next != std::string_view::npos && text[next] == ':';
}

Error refused(std::string why) {
  return {Errc::invalid_input, std::move(why)};
}

}  // namespace

bool may_need_cleaning(std::string_view json_text) {
  const std::size_t first = find_unusual(json_text, 0);
  if (first == json_text.size()) return false;
  return !is_valid_utf8(json_text.substr(first)) || is_suspicious(json_text.substr(first));
}

Result<CleanJson> clean_json(std::string_view json_text) {
  if (!is_valid_utf8(json_text)) return refused("the text is not valid UTF-8");
  CleanJson clean;
  std::string decoded;
  std::size_t copied = 0;  // so far of json_text
  std::size_t quote = json_text.find('"');
  while (quote != std::string_view::npos) {
    const std::size_t begin = quote + 1;
    const std::size_t end = find_closing_quote(json_text, begin);
    if (end == std::string_view::npos) return refused("not valid JSON: a string has no end");
    const std::string_view raw = json_text.substr(begin, end - begin);
    quote = json_text.find('"', end + 1);
    if (!is_suspicious(raw)) continue;
    decoded.clear();
    if (!append_unescaped(decoded, raw)) {
      return refused("not valid JSON: malformed string at byte " + std::to_string(begin));
    }
    if (is_key(json_text, end + 1)) {
      if (!has_invisible(decoded)) continue;
      return refused("the key \"" + visible(decoded) +
                     "\" holds invisible or text direction characters (shown as <U+...>); keys must be "
                     "visible, remove them");
    }
    const std::size_t removed = strip_invisible(decoded);
    if (removed == 0) continue;
    clean.removed += removed;
    clean.text.append(json_text, copied, begin - 1 - copied);
    append_json_string(clean.text, decoded);
    copied = end + 1;
  }
  clean.text.append(json_text, copied, json_text.size() - copied);
  return clean;
}

}  // namespace toolpost
