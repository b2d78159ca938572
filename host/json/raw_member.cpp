#include "json/raw_member.hpp"

#include <cstring>
#include <nlohmann/json.hpp>

namespace toolpost {
namespace {

/// Walks over text that is known to be valid JSON; the bounds checks only keep a mistake from leaving the text.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  char peek() {
    while (at_ < text_.size() && std::strchr(" \t\r\n", text_[at_]) != nullptr && text_[at_] != '\0') ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char expected) {
    if (peek() != expected) return false;
    ++at_;
    return true;
  }
  /// Past the closing quote; returns the raw text between the quotes.
  std::string_view string() {
    const std::size_t begin = ++at_;
    while (at_ < text_.size()) {
      const void* quote = std::memchr(text_.data() + at_, '"', text_.size() - at_);
      if (quote == nullptr) break;
      at_ = static_cast<std::size_t>(static_cast<const char*>(quote) - text_.data());
      std::size_t backslashes = 0;
      while (at_ - backslashes > begin && text_[at_ - backslashes - 1] == '\\') ++backslashes;
      ++at_;
      if (backslashes % 2 == 0) return text_.substr(begin, at_ - 1 - begin);
    }
    at_ = text_.size();
    return {};
  }
  std::string_view value() {
    peek();
    const std::size_t begin = at_;
    int depth = 0;
    do {
      switch (peek()) {
        case '"': string(); break;
        case '{': case '[': ++depth; ++at_; break;
        case '}': case ']': --depth; ++at_; break;
        case ',': case ':': ++at_; break;
        case '\0': return text_.substr(begin);
        default:
          while (at_ < text_.size() && std::strchr(" \t\r\n,:]}\"{[", text_[at_]) == nullptr) ++at_;
      }
    } while (depth > 0);
    return text_.substr(begin, at_ - begin);
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

bool same_key(std::string_view raw, std::string_view key) {
  if (raw.find('\\') == std::string_view::npos) return raw == key;
  const auto decoded = nlohmann::json::parse("\"" + std::string(raw) + "\"", nullptr, false);
  return decoded.is_string() && decoded.get_ref<const std::string&>() == key;
}

}  // namespace

std::optional<std::string_view> raw_member(std::string_view object_text, std::string_view key) {
  Walker walker(object_text);
  if (!walker.take('{')) return std::nullopt;
  while (walker.peek() == '"') {
    const bool found = same_key(walker.string(), key);
    if (!walker.take(':')) return std::nullopt;
    const std::string_view value = walker.value();
    if (found) return value;
    if (!walker.take(',')) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace toolpost
