#include "json/json_reader.hpp"

#include <algorithm>
#include <cstring>

#include "json/json_pointer.hpp"
#include "json/json_syntax.hpp"

namespace toolpost {
namespace {

namespace dom = simdjson::dom;

// A parser needs some 14 bytes per byte of text. Past this it is replaced as soon as a text needs far less.
constexpr std::size_t kRetainedMax = 256 << 10;

constexpr std::size_t kPointerMax = 300;  // of bytes in a message

bool has_nul(std::string_view text) {
  return std::memchr(text.data(), 0, text.size()) != nullptr;
}

/// simdjson 3.0 takes a lone low surrogate for a character of three bytes, ED B0..BF xx, which no valid text
/// holds.
bool has_surrogate(std::string_view text) {
  for (std::size_t at = text.find('\xed'); at != std::string_view::npos; at = text.find('\xed', at + 1)) {
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xa0) return true;
  }
  return false;
}

}  // namespace

JsonReader::JsonReader(const LimitSettings& limits) : limits_(limits) {}

Result<dom::element> JsonReader::read(std::string_view text) {
  const auto refused = [this] { return Error{Errc::invalid_input, problem_}; };
  where_.clear();
  if (text.size() > limits_.message_bytes_max) {
    over("the message", "message_bytes_max", limits_.message_bytes_max);
    return refused();
  }
  size_parser(text.size());
  dom::element element;
  const auto error = parser_.parse(text.data(), text.size(), false).get(element);
  if (error == simdjson::DEPTH_ERROR) {
    over("the nesting", "depth_max", limits_.depth_max);
  } else if (error == simdjson::NUMBER_ERROR) {
    fail(
        "a number is malformed, an integer does not fit into 64 bits or a number does not fit into a double");
  } else if (error != simdjson::SUCCESS) {
    fail(std::string("not valid JSON: ") + simdjson::error_message(error));
    if (const std::string place = syntax_fault_place(text); !place.empty()) problem_ += " (" + place + ")";
  } else {
    nodes_ = 0;
    keys_.clear();
    has_unicode_escapes_ = text.find("\\u") != std::string_view::npos;
    if (check(element, 1)) return element;
    problem_ += where_.empty() ? " (at the top)" : " (at " + where_ + ")";
  }
  return refused();
}

Result<dom::element> JsonReader::read_copy(std::string_view text) {
  copy_ = simdjson::padded_string(text);
  return read({copy_.data(), copy_.size()});
}

void JsonReader::size_parser(std::size_t text_size) {
  if (parser_.capacity() > kRetainedMax && text_size < parser_.capacity() / 16) parser_ = dom::parser();
}

bool JsonReader::fail(std::string problem) {
  problem_ = std::move(problem);
  return false;
}

bool JsonReader::over(const char* what, const char* setting, std::uint64_t limit) {
  return fail(std::string(what) + " passes limits." + setting + " = " + std::to_string(limit));
}

/// A check failed one step below; always false.
bool JsonReader::below(const std::string& step) {
  if (where_.size() < kPointerMax) {
    where_.insert(0, step);
    if (where_.size() >= kPointerMax) where_.insert(0, "...");
  }
  return false;
}

bool JsonReader::check_string(std::string_view text) {
  if (text.size() > limits_.string_bytes_max)
    return over("a string", "string_bytes_max", limits_.string_bytes_max);
  if (!has_unicode_escapes_) return true;
  if (has_nul(text)) return fail("a string holds a NUL character; remove \\u0000");
  if (has_surrogate(text)) return fail("a string holds half of a surrogate pair");
  return true;
}

bool JsonReader::check_key(std::string_view key) {
  if (key.size() > limits_.key_bytes_max) return over("a key", "key_bytes_max", limits_.key_bytes_max);
  if (!has_unicode_escapes_) return true;
  if (has_nul(key)) return fail("a key holds a NUL character; remove \\u0000");
  if (has_surrogate(key)) return fail("a key holds half of a surrogate pair");
  return true;
}

bool JsonReader::check_object(dom::object object, std::uint32_t depth) {
  const std::size_t first_key = keys_.size();
  for (const dom::key_value_pair member : object) {
    if (!check_key(member.key)) return false;
    keys_.push_back(member.key);
    if (keys_.size() - first_key > limits_.keys_max)
      return over("the keys of an object", "keys_max", limits_.keys_max);
    if (!check(member.value, depth + 1)) return below(pointer_step(member.key));
  }
  if (!check_repeats(first_key)) return false;
  keys_.resize(first_key);
  return true;
}

/// Few keys, the usual case, are compared in pairs; many are sorted, so no object takes quadratic time.
bool JsonReader::check_repeats(std::size_t first_key) {
  constexpr std::ptrdiff_t kPairwiseMax = 12;
  const auto first = keys_.begin() + static_cast<std::ptrdiff_t>(first_key);
  auto twice = keys_.end();
  if (keys_.end() - first <= kPairwiseMax) {
    for (auto key = first; key != keys_.end() && twice == keys_.end(); ++key) {
      if (std::find(first, key, *key) != key) twice = key;
    }
  } else {
    std::sort(first, keys_.end());
    twice = std::adjacent_find(first, keys_.end());
  }
  return twice == keys_.end() ||
         fail("the key \"" + excerpt(*twice, 100) + "\" is given twice in one object");
}

bool JsonReader::check(dom::element element, std::uint32_t depth) {
  if (depth > limits_.depth_max) return over("the nesting", "depth_max", limits_.depth_max);
  if (++nodes_ > limits_.nodes_max) return over("the number of values", "nodes_max", limits_.nodes_max);
  switch (element.type()) {
    case dom::element_type::STRING:
      return check_string(std::string_view(element));
    case dom::element_type::OBJECT:
      return check_object(dom::object(element), depth);
    case dom::element_type::ARRAY: {
      std::size_t index = 0;
      for (const dom::element item : dom::array(element)) {
        if (!check(item, depth + 1)) return below(pointer_step(index));
        ++index;
      }
      return true;
    }
    default:
      return true;
  }
}

}  // namespace toolpost
