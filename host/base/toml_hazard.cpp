#include "base/toml_hazard.hpp"

#include <algorithm>

namespace toolpost {
namespace {

class HazardFinder {
 public:
  explicit HazardFinder(std::string_view toml) : toml_(toml) {}

  std::optional<TomlHazard> run() {
    if (toml_.starts_with("\xef\xbb\xbf")) at_ = 3;
    while (at_ < toml_.size()) {
      if (const char* why = step()) return TomlHazard{line(), why};
    }
    return std::nullopt;
  }

 private:
  /// Takes one piece of the text; what is wrong with it, or null.
  const char* step() {
    const char byte = toml_[at_];
    if (byte == '"' || byte == '\'') {
      skip_string();
      return nullptr;
    }
    if (byte == '#') {
      at_ = std::min(toml_.find('\n', at_), toml_.size());
      return nullptr;
    }
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte > 0x7e)
      return "a character that may stand only in strings and comments";
    if (byte == '.' && ++parts_ > kTomlKeyPartsMax) return "a key of more than 16 parts";
    if ((byte == '[' || byte == '{') && ++nesting_ > kTomlNestingMax)
      return "a value nested deeper than 32 levels";
    if ((byte == ']' || byte == '}') && nesting_ > 0) --nesting_;
    if (std::string_view("[]{}=,\n").find(byte) != std::string_view::npos) parts_ = 1;
    ++at_;
    return nullptr;
  }

  /// Moves behind the string at `at_`. One that has no end reaches to the end of its line, or of the text.
  void skip_string() {
    const char quote = toml_[at_];
    const std::string_view three(quote == '"' ? "\"\"\"" : "'''");
    const bool is_long = toml_.substr(at_, 3) == three;
    at_ += is_long ? 3 : 1;
    while (at_ < toml_.size()) {
      if (toml_[at_] == '\\' && quote == '"') {
        at_ += 2;
      } else if (!is_long && (toml_[at_] == quote || toml_[at_] == '\n')) {
        if (toml_[at_] == quote) ++at_;
        return;
      } else if (is_long && toml_.substr(at_, 3) == three) {
        at_ += 3;  // up to two more quotes are content that stands before the closing ones
        for (int more = 0; more < 2 && at_ < toml_.size() && toml_[at_] == quote; ++more) ++at_;
        return;
      } else {
        ++at_;
      }
    }
    at_ = toml_.size();
  }

  std::size_t line() const {
    const auto end = toml_.begin() + static_cast<std::ptrdiff_t>(at_);
    return 1 + static_cast<std::size_t>(std::count(toml_.begin(), end, '\n'));
  }

  std::string_view toml_;
  std::size_t at_ = 0;
  std::size_t parts_ = 1;  // of the key that is being read
  std::size_t nesting_ = 0;
};

}  // namespace

std::optional<TomlHazard> find_toml_hazard(std::string_view toml) {
  return HazardFinder(toml).run();
}

}  // namespace toolpost
