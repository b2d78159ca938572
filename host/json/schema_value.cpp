#include "json/schema_value.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "json/json_pointer.hpp"
#include "json/json_text.hpp"

namespace toolpost {
namespace {

namespace dom = simdjson::dom;
using Kind = dom::element_type;
using nlohmann::json;

// Holds each 64-bit integer and each double exactly, so comparing is exact.
using Exact = long double;
static_assert(std::numeric_limits<Exact>::digits >= 64);

__extension__ using Wide = unsigned __int128;

Exact to_exact(dom::element value) {
  switch (value.type()) {
    case Kind::INT64:
      return static_cast<Exact>(std::int64_t(value));
    case Kind::UINT64:
      return static_cast<Exact>(std::uint64_t(value));
    default:
      return static_cast<Exact>(double(value));
  }
}
Exact to_exact(const json& value) {
  if (value.is_number_unsigned()) return static_cast<Exact>(value.get<std::uint64_t>());
  if (value.is_number_integer()) return static_cast<Exact>(value.get<std::int64_t>());
  return static_cast<Exact>(value.get<double>());
}

/// digits * 10^power, without sign.
struct Decimal {
  std::uint64_t digits = 0;
  int power = 0;
};

Decimal to_decimal(Exact value) {
  value = std::fabs(value);
  if (std::floor(value) == value && value < 0x1p64L) return {static_cast<std::uint64_t>(value), 0};
  char text[40];  // d.ddde+xx, at most 17 digits
  const char* end =
      std::to_chars(text, text + sizeof text, static_cast<double>(value), std::chars_format::scientific).ptr;
  Decimal decimal;
  const char* at = text;
  bool behind_point = false;
  for (; at != end && *at != 'e'; ++at) {
    if (*at == '.') {
      behind_point = true;
    } else {
      decimal.digits = decimal.digits * 10 + static_cast<std::uint64_t>(*at - '0');
      if (behind_point) --decimal.power;
    }
  }
  at += at != end && at + 1 != end && at[1] == '+' ? 2 : 1;
  int exponent = 0;
  std::from_chars(at, end, exponent);
  decimal.power += exponent;
  return decimal;
}

}  // namespace

bool is_number(dom::element value) {
  const Kind kind = value.type();
  return kind == Kind::INT64 || kind == Kind::UINT64 || kind == Kind::DOUBLE;
}

bool is_integer(dom::element value) {
  if (value.type() != Kind::DOUBLE) return is_number(value);
  const double number = double(value);
  return std::isfinite(number) && std::floor(number) == number;
}

int compare_numbers(dom::element number, const json& bound) {
  const Exact left = to_exact(number);
  const Exact right = to_exact(bound);
  return left < right ? -1 : left > right ? 1 : 0;
}

bool is_multiple(dom::element number, const json& step) {
  const Decimal value = to_decimal(to_exact(number));
  const Decimal unit = to_decimal(to_exact(step));
  if (value.digits == 0) return true;
  if (unit.digits == 0) return false;  // compiling refuses it
  if (value.power >= unit.power) {
    Wide rest = value.digits % unit.digits;
    for (int power = unit.power; power < value.power && rest != 0; ++power) rest = rest * 10 % unit.digits;
    return rest == 0;
  }
  Wide scaled = unit.digits;
  for (int power = value.power; power < unit.power; ++power) {
    if (scaled > value.digits) return false;
    scaled *= 10;
  }
  return value.digits % scaled == 0;
}

bool equal_values(dom::element value, const json& other, std::uint64_t& steps) {
  ++steps;
  switch (value.type()) {
    case Kind::NULL_VALUE:
      return other.is_null();
    case Kind::BOOL:
      return other.is_boolean() && other.get<bool>() == bool(value);
    case Kind::STRING:
      return other.is_string() && other.get_ref<const std::string&>() == std::string_view(value);
    case Kind::ARRAY: {
      const dom::array items = dom::array(value);
      if (!other.is_array() || items.size() != other.size()) return false;
      std::size_t at = 0;
      for (const dom::element item : items) {
        if (!equal_values(item, other[at++], steps)) return false;
      }
      return true;
    }
    case Kind::OBJECT: {
      const dom::object members = dom::object(value);
      if (!other.is_object() || members.size() != other.size()) return false;
      for (const auto member : members) {
        const auto same = other.find(std::string(member.key));
        if (same == other.end() || !equal_values(member.value, *same, steps)) return false;
      }
      return true;
    }
    default:
      return other.is_number() && compare_numbers(value, other) == 0;
  }
}

void append_identity(std::string& out, dom::element value) {
  switch (value.type()) {
    case Kind::OBJECT: {
      std::vector<dom::key_value_pair> members;
      for (const auto member : dom::object(value)) members.push_back(member);
      std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
      out += '{';
      for (const auto& member : members) {
        out += std::to_string(member.key.size()) + ":";
        out += member.key;
        append_identity(out, member.value);
      }
      out += '}';
      return;
    }
    case Kind::ARRAY:
      out += '[';
      for (const dom::element item : dom::array(value)) append_identity(out, item);
      out += ']';
      return;
    case Kind::STRING: {
      const std::string_view text = std::string_view(value);
      out += "s" + std::to_string(text.size()) + ":";
      out += text;
      return;
    }
    case Kind::BOOL:
      out += bool(value) ? 't' : 'f';
      return;
    case Kind::NULL_VALUE:
      out += 'n';
      return;
    default: {
      const Exact number = to_exact(value);
      char text[64];
      std::snprintf(text, sizeof text, "#%.21Lg;", number == 0 ? Exact{0} : number);
      out += text;
    }
  }
}

const char* kind_name(dom::element value) {
  switch (value.type()) {
    case Kind::OBJECT:
      return "an object";
    case Kind::ARRAY:
      return "an array";
    case Kind::STRING:
      return "a string";
    case Kind::BOOL:
      return "a boolean";
    case Kind::NULL_VALUE:
      return "null";
    default:
      return is_integer(value) ? "an integer" : "a number";
  }
}

std::string shown(dom::element value) {
  switch (value.type()) {
    case Kind::OBJECT:
    case Kind::ARRAY:
      return kind_name(value);
    case Kind::STRING: {
      std::string text;
      append_json_string(text, excerpt(std::string_view(value), 60));
      return text;
    }
    default:
      return simdjson::minify(value);
  }
}

std::string shown(const json& value) {
  return excerpt(value.dump(-1, ' ', false, json::error_handler_t::replace), 80);
}

}  // namespace toolpost
