#include "telemetry/secret_forms.hpp"

#include <algorithm>

namespace toolpost {
namespace {

constexpr std::size_t kBase64Min = 8;  // letters; a shorter piece is found in innocent text
constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

enum class Slash { plain, escaped };

std::string json_form(std::string_view value, Slash slash) {
  std::string out;
  for (const char c : value) {
    if (c == '"' || c == '\\' || (c == '/' && slash == Slash::escaped)) out += '\\';
    out += c;
  }
  return out;
}

std::string url_form(std::string_view value, std::string_view digits) {
  std::string out;
  for (const char c : value) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '.' || c == '~';
    if (kept) {
      out += c;
    } else {
      out += '%';
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

// The letters of base64 that hold bits of `value` alone when `shift` bytes (0..2) stand before it in its
// group.
std::string base64_form(std::string_view value, std::size_t shift, std::string_view alphabet) {
  const std::size_t first = (shift * 8 + 5) / 6;
  const std::size_t end = (shift + value.size()) * 8 / 6;
  std::string out;
  for (std::size_t letter = first; letter < end; ++letter) {
    unsigned bits = 0;
    for (std::size_t bit = letter * 6; bit < letter * 6 + 6; ++bit) {
      const auto byte = static_cast<unsigned char>(value[bit / 8 - shift]);
      bits = bits << 1 | (byte >> (7 - bit % 8) & 1u);
    }
    out += alphabet[bits];
  }
  return out.size() >= kBase64Min ? out : std::string();
}

}  // namespace

std::vector<std::string> secret_forms(std::string_view value) {
  std::vector<std::string> forms{std::string(value)};
  const auto add = [&](std::string form) {
    if (!form.empty() && std::find(forms.begin(), forms.end(), form) == forms.end())
      forms.push_back(std::move(form));
  };
  add(json_form(value, Slash::plain));
  add(json_form(value, Slash::escaped));
  add(url_form(value, "0123456789ABCDEF"));
  add(url_form(value, "0123456789abcdef"));
  for (std::size_t shift = 0; shift < 3; ++shift) {
    add(base64_form(value, shift, kStandard));
    add(base64_form(value, shift, kUrl));
  }
  return forms;
}

}  // namespace toolpost
