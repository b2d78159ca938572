#include "json/raw_member.hpp"

#include <algorithm>
#include <string>

#include "json/json_text.hpp"

namespace toolpost {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::string_view kEndOfScalar = " \t\r\n,:]}[{\"";

/// Walks over text that is known to be valid JSON; the bounds checks only keep a mistake from leaving the
/// text.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  /// The next byte that is not white space; 0 at the end.
  char peek() {
    while (at_ < text_.size() && kSpace.find(text_[at_]) != std::string_view::npos) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char expected) {
    if (peek() != expected) return false;
    ++at_;
    return true;
  }
  /// The raw text between the quotes, of which the opening one is next; moves past the closing one.
  std::string_view string() {
    const std::size_t begin = at_ + 1;
    const std::size_t end = find_closing_quote(text_, begin);
    if (end == std::string_view::npos) {
      at_ = text_.size();
      return {};
    }
    at_ = end + 1;
    return text_.substr(begin, end - begin);
  }
  std::string_view value() {
    const char first = peek();
    const std::size_t begin = at_;
    if (first == '"') {
      string();
    } else if (first == '{' || first == '[') {
      skip_nested();
    } else {
      at_ = std::min(text_.find_first_of(kEndOfScalar, at_), text_.size());
    }
    return text_.substr(begin, at_ - begin);
  }

 private:
  void skip_nested() {
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      switch (text_[at_]) {
        case '"':
          string();
          continue;
        case '{':
        case '[':
          ++depth;
          break;
        case '}':
        case ']':
          --depth;
          break;
        default:
          break;
      }
      ++at_;
      if (depth == 0) return;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

bool same_key(std::string_view raw, std::string_view key) {
  if (raw == key) return raw.find('\\') == std::string_view::npos;
  if (raw.size() <= key.size() || raw.find('\\') == std::string_view::npos)
    return false;  // escapes only lengthen
  std::string decoded;
  return append_unescaped(decoded, raw) && decoded == key;
}

}  // namespace

std::optional<std::string_view> raw_member(std::string_view object_text, std::string_view key) {
  Walker walker(object_text);
  if (!walker.take('{')) return std::nullopt;
  while (walker.peek() == '"') {
    const bool found = same_key(walker.string(), key);
    if (!walker.take(':')) return std::nullopt;
    const std::string_view value = walker.value();
    if (value.empty()) return std::nullopt;
    if (found) return value;
    if (!walker.take(',')) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace toolpost
