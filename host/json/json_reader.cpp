#include "json/json_reader.hpp"

#include <algorithm>
#include <cstring>

namespace toolpost {
namespace {

namespace dom = simdjson::dom;

Error refused(std::string what) { return {Errc::invalid_input, std::move(what)}; }

Error over(const char* what, const char* setting, std::uint64_t limit) {
  return refused(std::string(what) + " passes limits." + setting + " = " + std::to_string(limit));
}

bool has_nul(std::string_view text) { return std::memchr(text.data(), 0, text.size()) != nullptr; }

}  // namespace

JsonReader::JsonReader(const LimitSettings& limits) : limits_(limits) {}

Result<dom::element> JsonReader::read(std::string_view text) {
  if (text.size() > limits_.message_bytes_max) return over("the message", "message_bytes_max", limits_.message_bytes_max);
  dom::element element;
  const auto error = parser_.parse(text.data(), text.size(), false).get(element);
  if (error == simdjson::DEPTH_ERROR) return over("nesting", "depth_max", limits_.depth_max);
  if (error == simdjson::NUMBER_ERROR) {
    return refused("a number is malformed or an integer does not fit into 64 bits");
  }
  if (error != simdjson::SUCCESS) return refused(std::string("not valid JSON: ") + simdjson::error_message(error));
  nodes_ = 0;
  if (auto checked = check(element, 1); !checked) return checked.error();
  return element;
}

Result<dom::element> JsonReader::read_copy(std::string_view text) {
  copy_ = simdjson::padded_string(text);
  return read({copy_.data(), copy_.size()});
}

Result<void> JsonReader::check_string(std::string_view text) {
  if (text.size() > limits_.string_bytes_max) return over("a string", "string_bytes_max", limits_.string_bytes_max);
  if (has_nul(text)) return refused("a string holds a NUL character");
  return {};
}

Result<void> JsonReader::check_object(dom::object object, std::uint32_t depth) {
  // Few keys, the usual case, are compared in pairs; many are sorted.
  constexpr std::size_t kPairwiseMax = 16;
  std::string_view few[kPairwiseMax];
  std::vector<std::string_view> many;
  std::size_t count = 0;
  for (const dom::key_value_pair member : object) {
    if (member.key.size() > limits_.key_bytes_max) return over("a key", "key_bytes_max", limits_.key_bytes_max);
    if (has_nul(member.key)) return refused("a key holds a NUL character");
    if (count < kPairwiseMax) {
      if (std::find(few, few + count, member.key) != few + count) {
        return refused("key \"" + std::string(member.key) + "\" is given twice");
      }
      few[count] = member.key;
    } else {
      if (many.empty()) many.assign(few, few + kPairwiseMax);
      many.push_back(member.key);
    }
    if (++count > limits_.keys_max) return over("an object", "keys_max", limits_.keys_max);
    if (auto checked = check(member.value, depth + 1); !checked) return checked;
  }
  if (!many.empty()) {
    std::sort(many.begin(), many.end());
    const auto twice = std::adjacent_find(many.begin(), many.end());
    if (twice != many.end()) return refused("key \"" + std::string(*twice) + "\" is given twice");
  }
  return {};
}

Result<void> JsonReader::check(dom::element element, std::uint32_t depth) {
  if (depth > limits_.depth_max) return over("nesting", "depth_max", limits_.depth_max);
  if (++nodes_ > limits_.nodes_max) return over("the number of values", "nodes_max", limits_.nodes_max);
  switch (element.type()) {
    case dom::element_type::STRING:
      return check_string(std::string_view(element));
    case dom::element_type::OBJECT:
      return check_object(dom::object(element), depth);
    case dom::element_type::ARRAY:
      for (const dom::element item : dom::array(element)) {
        if (auto checked = check(item, depth + 1); !checked) return checked;
      }
      return {};
    default:
      return {};
  }
}

}  // namespace toolpost
