#include "json/canonical_number.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace toolpost {
namespace {

template <typename T>
bool parse(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

template <typename T>
void append_integer(std::string& out, T value) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

/// Whether `text`, out of a double's range, is too small rather than too large: by the power of ten of its
/// first digit.
bool is_tiny(std::string_view text) {
  const std::size_t exponent_at = std::min(text.find_first_of("eE"), text.size());
  const std::size_t point = std::min(text.find('.'), exponent_at);
  const std::size_t first = std::min(text.find_first_of("123456789"), exponent_at);
  auto power = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  if (exponent_at < text.size()) {
    std::string_view digits = text.substr(exponent_at + 1);
    const bool negative = digits[0] == '-';
    if (digits[0] == '+') digits.remove_prefix(1);
    std::int64_t exponent = 0;
    if (!parse(digits, exponent)) return negative;
    power += std::clamp<std::int64_t>(exponent, -(1ll << 40), 1ll << 40);  // texts are far shorter
  }
  return power < 0;
}

/// from_chars calls both overflow and underflow out of range; underflow is 0 to everybody else.
bool parse_double(std::string_view text, double& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc()) return end == text.data() + text.size() && std::isfinite(value);
  value = 0;
  return is_tiny(text);
}

}  // namespace

std::size_t number_size(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at > begin;
  };
  if (text.substr(0, 1) == "-") ++at;
  const std::size_t first = at;
  if (!digits() || (text[first] == '0' && at - first > 1)) return 0;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (!digits()) return 0;
  }
  if (at < text.size() && (text[at] | 0x20) == 'e') {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (!digits()) return 0;
  }
  return at;
}

bool append_canonical_number(std::string& out, std::string_view text) {
  std::int64_t signed_value = 0;
  std::uint64_t unsigned_value = 0;
  if (text.find_first_of(".eE") == std::string_view::npos) {
    if (parse(text, signed_value)) {
      append_integer(out, signed_value);
    } else if (text[0] != '-' && parse(text, unsigned_value)) {
      append_integer(out, unsigned_value);
    } else {
      return false;
    }
    return true;
  }
  double value = 0;
  if (!parse_double(text, value)) return false;
  const bool is_whole = std::floor(value) == value;
  if (is_whole && value >= -0x1p63 && value < 0x1p64) {  // 1e2 is the integer 100
    if (value < 0) {
      append_integer(out, static_cast<std::int64_t>(value));
    } else {
      append_integer(out, static_cast<std::uint64_t>(value));
    }
    return true;
  }
  char digits[40];
  // Larger whole ones always with an exponent: without, they would be read as integers that do not fit.
  const auto written =
      is_whole ? std::to_chars(digits, digits + sizeof digits, value, std::chars_format::scientific)
               : std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, written.ptr);
  return true;
}

}  // namespace toolpost
