#include "telemetry/log_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace toolpost {
namespace {

struct Character {
  std::uint32_t code = 0;
  std::size_t size = 0;  // 0: not UTF-8
};

Character decode(std::string_view text) {
  const auto byte = [&](std::size_t i) -> std::uint32_t {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  if (lead >= 0xC2 && lead < 0xE0 && tail(1)) return {(lead & 0x1F) << 6 | (byte(1) & 0x3F), 2};
  if (lead >= 0xE0 && lead < 0xF0 && tail(1) && tail(2)) {
    const std::uint32_t code = (lead & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    if (code >= 0x800 && (code < 0xD800 || code > 0xDFFF)) return {code, 3};
  }
  if (lead >= 0xF0 && lead < 0xF5 && tail(1) && tail(2) && tail(3)) {
    const std::uint32_t code =
        (lead & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
    if (code >= 0x10000 && code <= 0x10FFFF) return {code, 4};
  }
  return {};
}

// What could end a line, steer a terminal or reorder what a reader sees.
bool is_dangerous(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || (code >= 0x200B && code <= 0x200F) ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF;
}

void append_escape(std::string& out, std::uint32_t code) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[code >> shift & 15];
}

bool is_plain(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7F && c != '"' && c != '\\' && c != '=';
  });
}

template <typename Number>
void append_number(std::string& out, Number number) {
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void append_scalar(std::string& out, const LogValue::Value& value, std::string_view not_a_number) {
  if (const bool* flag = std::get_if<bool>(&value)) {
    out += *flag ? "true" : "false";
  } else if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    append_number(out, *whole);
  } else if (const auto* natural = std::get_if<std::uint64_t>(&value)) {
    append_number(out, *natural);
  } else if (const double* number = std::get_if<double>(&value)) {
    if (std::isfinite(*number)) {
      append_number(out, *number);
    } else {
      out += not_a_number;
    }
  }
}

}  // namespace

void append_quoted(std::string& out, std::string_view text, std::size_t bytes_max) {
  out += '"';
  std::size_t at = 0;
  while (at < text.size() && at < bytes_max) {
    const Character next = decode(text.substr(at));
    if (next.size == 0) {
      out += "\\ufffd";
    } else if (next.code == '\n') {
      out += "\\n";
    } else if (next.code == '\t') {
      out += "\\t";
    } else if (is_dangerous(next.code)) {
      append_escape(out, next.code);
    } else {
      if (next.code == '"' || next.code == '\\') out += '\\';
      out += text.substr(at, next.size);
    }
    at += std::max<std::size_t>(next.size, 1);
  }
  if (at < text.size()) out += "...";
  out += '"';
}

void append_text_field(std::string& out, std::string_view key, const LogValue::Value& value) {
  out += ' ';
  out += key;
  out += '=';
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    if (is_plain(*text) && text->size() <= 256) {
      out += *text;
    } else {
      append_quoted(out, *text);
    }
  } else {
    append_scalar(out, value, "nan");
  }
}

void append_json_field(std::string& out, std::string_view key, const LogValue::Value& value) {
  out += ",\"";
  out += key;
  out += "\":";
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    append_quoted(out, *text);
  } else {
    append_scalar(out, value, "null");
  }
}

}  // namespace toolpost
