#include "base/toml_depth.hpp"

#include <algorithm>

namespace toolpost {
namespace {

/// Behind the string that begins at `at`. One that has no end reaches to the end of its line, or of the text.
std::size_t skip_string(std::string_view toml, std::size_t at) {
  const char quote = toml[at];
  const std::string_view three(quote == '"' ? "\"\"\"" : "'''");
  const bool long_form = toml.substr(at, 3) == three;
  at += long_form ? 3 : 1;
  while (at < toml.size()) {
    if (toml[at] == '\\' && quote == '"') {
      at += 2;
    } else if (!long_form && (toml[at] == quote || toml[at] == '\n')) {
      return toml[at] == quote ? at + 1 : at;
    } else if (long_form && toml.substr(at, 3) == three) {
      at += 3;  // up to two more quotes are content that stands before the closing ones
      for (int more = 0; more < 2 && at < toml.size() && toml[at] == quote; ++more) ++at;
      return at;
    } else {
      ++at;
    }
  }
  return toml.size();
}

std::size_t line_of(std::string_view toml, std::size_t at) {
  return 1 + static_cast<std::size_t>(
                 std::count(toml.begin(), toml.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

}  // namespace

std::size_t toml_deep_line(std::string_view toml) {
  std::size_t parts = 1;
  std::size_t nesting = 0;
  for (std::size_t at = 0; at < toml.size();) {
    switch (toml[at]) {
      case '"':
      case '\'':
        at = skip_string(toml, at);
        continue;
      case '#':
        at = std::min(toml.find('\n', at), toml.size());
        continue;
      case '.':
        if (++parts > kTomlKeyPartsMax) return line_of(toml, at);
        break;
      case '[':
      case '{':
        if (++nesting > kTomlNestingMax) return line_of(toml, at);
        parts = 1;
        break;
      case ']':
      case '}':
        if (nesting > 0) --nesting;
        parts = 1;
        break;
      case '=':
      case ',':
      case '\n':
        parts = 1;
        break;
      default:
        break;
    }
    ++at;
  }
  return 0;
}

}  // namespace toolpost
