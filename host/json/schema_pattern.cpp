#include "json/schema_pattern.hpp"

#include <array>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "json/json_pointer.hpp"

namespace toolpost {
namespace {

constexpr std::int64_t kProgramBytesMax = 1 << 20;  // of one compiled pattern, its caches included

// Long names of Unicode's general categories; RE2 knows the short ones and the scripts.
constexpr std::array<std::pair<std::string_view, std::string_view>, 31> kCategories{{
    {"Letter", "L"},
    {"Cased_Letter", "LC"},
    {"Uppercase_Letter", "Lu"},
    {"Lowercase_Letter", "Ll"},
    {"Titlecase_Letter", "Lt"},
    {"Modifier_Letter", "Lm"},
    {"Other_Letter", "Lo"},
    {"Mark", "M"},
    {"Nonspacing_Mark", "Mn"},
    {"Spacing_Mark", "Mc"},
    {"Enclosing_Mark", "Me"},
    {"Number", "N"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Letter_Number", "Nl"},
    {"Other_Number", "No"},
    {"Punctuation", "P"},
    {"Connector_Punctuation", "Pc"},
    {"Dash_Punctuation", "Pd"},
    {"Open_Punctuation", "Ps"},
    {"Close_Punctuation", "Pe"},
    {"Initial_Punctuation", "Pi"},
    {"Final_Punctuation", "Pf"},
    {"Other_Punctuation", "Po"},
    {"Symbol", "S"},
    {"Math_Symbol", "Sm"},
    {"Currency_Symbol", "Sc"},
    {"Modifier_Symbol", "Sk"},
    {"Other_Symbol", "So"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
}};

/// Rewrites the few things that ECMA-262 writes otherwise than RE2.
class Translator {
 public:
  explicit Translator(std::string_view pattern) : in_(pattern) {}

  /// Nothing if it has an escape that only RE2 knows, or one that is broken.
  std::optional<std::string> run() {
    while (at_ < in_.size()) {
      const std::string_view rest = in_.substr(at_);
      if (rest[0] == '\\') {
        if (!escape()) return std::nullopt;
      } else if (!in_class_ && rest.starts_with("[^]")) {
        put("(?s:.)", 3);
      } else if (!in_class_ && rest.starts_with("[]")) {
        put("[^\\x{0}-\\x{10FFFF}]", 2);
      } else if (!in_class_ && rest.starts_with("(?<") && rest.size() > 3 && rest[3] != '=' &&
                 rest[3] != '!') {
        put("(?P<", 3);
      } else if (in_class_ && rest.starts_with("[:")) {
        put("\\[:", 2);  // no POSIX classes in ECMA-262
      } else {
        if (rest[0] == '[') in_class_ = true;
        if (rest[0] == ']') in_class_ = false;
        put(rest.substr(0, 1), 1);
      }
    }
    return std::move(out_);
  }

 private:
  void put(std::string_view translated, std::size_t size) {
    out_ += translated;
    at_ += size;
  }

  bool escape() {
    const std::string_view rest = in_.substr(at_);
    if (rest.size() < 2) return false;
    const char kind = rest[1];
    switch (kind) {
      case 'u':
        return unicode();
      case 'p':
      case 'P':
        return category();
      case 's':
        put(in_class_ ? kSpaces : "[" + kSpaces + "]", 2);
        return true;
      case 'S':
        if (in_class_) return false;
        put("[^" + kSpaces + "]", 2);
        return true;
      case 'b':
        put(in_class_ ? "\\x08" : "\\b", 2);
        return true;
      case 'c':
        if (rest.size() < 3 || !is_letter(rest[2])) return false;
        put_code(static_cast<std::uint32_t>(rest[2] & 0x1f), 3);
        return true;
      default:
        if (is_letter(kind) && std::string_view("dDwWBtnvfrx").find(kind) == std::string_view::npos)
          return false;
        put(rest.substr(0, 2), 2);
        return true;
    }
  }

  static bool is_letter(char byte) { return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'); }

  void put_code(std::uint32_t code, std::size_t size) {
    char text[16];
    std::snprintf(text, sizeof text, "\\x{%X}", code);
    put(text, size);
  }

  std::optional<std::uint32_t> hex(std::size_t at, std::size_t size) const {
    if (size == 0 || size > 6 || in_.size() < at + size) return std::nullopt;
    std::uint32_t code = 0;
    for (const char digit : in_.substr(at, size)) {
      const std::size_t value =
          std::string_view("0123456789abcdef")
              .find(digit >= 'A' && digit <= 'F' ? static_cast<char>(digit + 32) : digit);
      if (value == std::string_view::npos) return std::nullopt;
      code = code << 4 | static_cast<std::uint32_t>(value);
    }
    return code;
  }

  bool unicode() {
    if (in_.substr(at_ + 2, 1) == "{") {
      const std::size_t close = in_.find('}', at_);
      const auto code = close == std::string_view::npos ? std::nullopt : hex(at_ + 3, close - at_ - 3);
      if (code) put_code(*code, close + 1 - at_);
      return code.has_value();
    }
    const auto code = hex(at_ + 2, 4);
    if (!code) return false;
    if (*code < 0xd800 || *code > 0xdfff) {
      put_code(*code, 6);
      return true;
    }
    const auto low = in_.substr(at_ + 6, 2) == "\\u" ? hex(at_ + 8, 4) : std::nullopt;
    if (*code > 0xdbff || !low || *low < 0xdc00 || *low > 0xdfff) return false;
    put_code(0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00), 12);
    return true;
  }

  bool category() {
    const std::size_t close = in_.substr(at_ + 2, 1) == "{" ? in_.find('}', at_) : std::string_view::npos;
    if (close == std::string_view::npos) return false;
    std::string_view name = in_.substr(at_ + 3, close - at_ - 3);
    for (const std::string_view prefix : {"Script=", "sc=", "General_Category=", "gc="}) {
      if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    }
    for (const auto& [full, brief] : kCategories) {
      if (name == full) name = brief;
    }
    out_ += in_.substr(at_, 3);
    out_ += name;
    put("}", close + 1 - at_);
    return true;
  }

  inline static const std::string kSpaces = "\\s\\v\\x{FEFF}\\x{2028}\\x{2029}\\p{Zs}";

  std::string_view in_;
  std::size_t at_ = 0;
  std::string out_;
  bool in_class_ = false;
};

Error refused(std::string_view pattern, std::string_view why) {
  return {Errc::incompatible,
          "pattern \"" + excerpt(pattern, 200) + "\" cannot be used: " + std::string(why)};
}

}  // namespace

Result<std::unique_ptr<RE2>> compile_pattern(std::string_view pattern, std::size_t bytes_max) {
  if (pattern.size() > bytes_max)
    return refused(pattern, "it is longer than " + std::to_string(bytes_max) + " bytes");
  const auto translated = Translator(pattern).run();
  if (!translated) return refused(pattern, "it has an escape that is broken or not supported");
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kProgramBytesMax);
  auto compiled = std::make_unique<RE2>(*translated, options);
  if (!compiled->ok()) {
    return refused(
        pattern, compiled->error() + " (lookaround and backreferences are not supported; see RE2's syntax)");
  }
  return compiled;
}

}  // namespace toolpost
