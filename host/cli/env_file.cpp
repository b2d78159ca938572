#include "cli/env_file.hpp"

#include <algorithm>
#include <optional>

#include "json/utf8.hpp"

namespace toolpost {
namespace {

constexpr std::size_t kNameBytesMax = 64;

bool is_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && name.size() <= kNameBytesMax && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), letter);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

class EnvReader {
 public:
  explicit EnvReader(std::string_view text) : text_(text) {
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);  // a byte order mark
  }

  EnvFile read() {
    while (at_ < text_.size()) {
      read_line();
      ++line_;
    }
    return std::move(file_);
  }

 private:
  std::string_view rest_of_line() const { return text_.substr(at_, text_.find('\n', at_) - at_); }
  void skip_line() { at_ = std::min(text_.find('\n', at_), text_.size() - 1) + 1; }
  void fault(unsigned line, const char* message) { file_.faults.push_back({line, message}); }

  void read_line() {
    const std::string_view line = rest_of_line();
    const std::string_view plain = trimmed(line);
    if (plain.empty() || plain.front() == '#') return skip_line();
    const std::size_t equals = line.find('=');
    std::string_view name = trimmed(line.substr(0, equals));
    if (name.starts_with("export ") || name.starts_with("export\t")) name = trimmed(name.substr(7));
    if (equals == std::string_view::npos || !is_name(name)) {
      fault(line_, "is no NAME=value with a name of A-Z, 0-9 and _ (its text is not shown: it may be a key)");
      return skip_line();
    }
    at_ += equals + 1;
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    const unsigned begin = line_;
    const char quote = at_ < text_.size() ? text_[at_] : '\n';
    const auto value = quote == '"' || quote == '\'' ? quoted(quote) : plain_value();
    if (value) keep(std::string(name), *value, begin, quote);
  }

  std::string plain_value() {
    std::string_view value = rest_of_line();
    std::size_t hash = value.find('#');
    while (hash != std::string_view::npos && hash > 0 && value[hash - 1] != ' ' && value[hash - 1] != '\t')
      hash = value.find('#', hash + 1);
    value = trimmed(value.substr(0, hash));
    const std::string kept(value);
    skip_line();
    return kept;
  }

  /// Nothing, with the fault noted, when the quotes are not closed or something follows them.
  std::optional<std::string> quoted(char quote) {
    const std::size_t begin = ++at_;
    std::string value;
    std::size_t at = begin;
    unsigned lines = 0;
    for (; at < text_.size() && text_[at] != quote; ++at) {
      const char next = at + 1 < text_.size() ? text_[at + 1] : '\0';
      if (text_[at] == '\\' && (next == quote || next == '\\')) {
        value += text_[++at];
      } else if (text_[at] == '\\' && quote == '"' && (next == 'n' || next == 'r' || next == 't')) {
        value += next == 'n' ? '\n' : next == 'r' ? '\r' : '\t';
        ++at;
      } else {
        lines += text_[at] == '\n' ? 1 : 0;
        value += text_[at];
      }
    }
    if (at >= text_.size()) {
      fault(line_, "has a quote that is not closed; close it");
      skip_line();
      return std::nullopt;
    }
    at_ = at + 1;
    const unsigned first = line_;
    line_ += lines;
    const std::string_view behind = trimmed(rest_of_line());
    at_ < text_.size() ? skip_line() : void();
    if (!behind.empty() && behind.front() != '#') {
      fault(first, "has text behind its closing quote; remove it, or quote all of it");
      return std::nullopt;
    }
    return value;
  }

  void keep(std::string name, const std::string& value, unsigned line, char quote) {
    if (!is_valid_utf8(value) || value.find('\0') != std::string::npos)
      return fault(line, "has a value that is no UTF-8 text; write it again");
    if (quote != '\'' && value.find("${") != std::string::npos)
      return fault(line, "has ${...} in its value, and that is not filled in here; write what it stands for");
    file_.entries.push_back({std::move(name), value, line});
  }

  std::string_view text_;
  std::size_t at_ = 0;
  unsigned line_ = 1;
  EnvFile file_;
};

}  // namespace

EnvFile parse_env_file(std::string_view text) {
  return EnvReader(text).read();
}

}  // namespace toolpost
