#include "json/invisible.hpp"

#include <algorithm>
#include <iterator>

#include "json/invisible_class.hpp"
#include "json/utf8.hpp"

namespace toolpost {
namespace {

/// Copies `text` from `at` on to `keep`, which is told each kept slice; returns how many characters were not
/// kept.
template <typename Keep>
std::size_t filter(std::string_view text, Keep keep) {
  std::size_t removed = 0;
  std::size_t at = 0;
  char32_t before = 0;  // the last kept character
  while (at < text.size()) {
    const std::size_t begin = at;
    const char32_t code = next_code_point(text, at);
    if (may_be_invisible(code)) {
      std::size_t peek = at;
      const char32_t after = at < text.size() ? next_code_point(text, peek) : 0;
      if (!is_seen_between(before, code, after)) {
        ++removed;
        continue;
      }
    }
    keep(begin, at - begin);
    before = code;
  }
  return removed;
}

}  // namespace

std::size_t strip_invisible(std::string& utf8) {
  std::size_t end = 0;
  const std::size_t removed = filter(utf8, [&](std::size_t begin, std::size_t size) {
    if (begin != end)
      std::copy_n(utf8.begin() + static_cast<std::ptrdiff_t>(begin), size,
                  utf8.begin() + static_cast<std::ptrdiff_t>(end));
    end += size;
  });
  utf8.resize(end);
  return removed;
}

bool has_invisible(std::string_view utf8) {
  return !is_valid_utf8(utf8) || filter(utf8, [](std::size_t, std::size_t) {}) > 0;
}

}  // namespace toolpost
