#include "json/json_text.hpp"

#include <simdjson.h>

#include <array>

namespace toolpost {
namespace {

constexpr auto kMustEscape = [] {
  std::array<bool, 256> table{};
  for (int byte = 0; byte < 0x20; ++byte) table[static_cast<std::size_t>(byte)] = true;
  table['"'] = table['\\'] = table[0x7f] = true;
  return table;
}();

}  // namespace

void append_json_string(std::string& out, std::string_view utf8) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out.reserve(out.size() + utf8.size() + utf8.size() / 8 + 2);
  out += '"';
  std::size_t clean_from = 0;
  for (std::size_t at = 0; at < utf8.size(); ++at) {
    const auto byte = static_cast<unsigned char>(utf8[at]);
    if (!kMustEscape[byte]) continue;
    out.append(utf8, clean_from, at - clean_from);
    clean_from = at + 1;
    switch (byte) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        out += "\\u00";
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
    }
  }
  out.append(utf8, clean_from, utf8.size() - clean_from);
  out += '"';
}

bool is_valid_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace toolpost
