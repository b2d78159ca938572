#include "config/toml_document.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>

#include "base/toml_hazard.hpp"
#include "base/toml_parse.hpp"

namespace toolpost {
namespace {

constexpr std::size_t kTextBytesMax = 1 << 20;
constexpr std::size_t kQuotedBytesMax = 60;  // of a value in a message

void place(TomlNode& node, const toml::source_region& region) {
  node.line = region.begin.line;
  node.column = region.begin.column;
}

template <typename T>
std::string streamed(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

// Recurses; find_toml_hazard() has bounded the depth.
TomlNode convert(const toml::node& from) {
  TomlNode node;
  place(node, from.source());
  if (const auto* table = from.as_table()) {
    for (const auto& [key, value] : *table) {
      TomlNode child = convert(value);
      child.key = std::string(key.str());
      place(child, key.source());
      node.children.push_back(std::move(child));
    }
  } else if (const auto* list = from.as_array()) {
    node.kind = TomlNode::Kind::list;
    for (const toml::node& value : *list) node.children.push_back(convert(value));
  } else if (const auto* text = from.as_string()) {
    node.kind = TomlNode::Kind::text;
    node.text = text->get();
  } else if (const auto* integer = from.as_integer()) {
    node.kind = TomlNode::Kind::integer;
    node.integer = integer->get();
  } else if (const auto* number = from.as_floating_point()) {
    node.kind = TomlNode::Kind::number;
    node.number = number->get();
  } else if (const auto* flag = from.as_boolean()) {
    node.kind = TomlNode::Kind::boolean;
    node.boolean = flag->get();
  } else {
    node.kind = TomlNode::Kind::date;
    if (const auto* date = from.as_date()) node.text = streamed(date->get());
    if (const auto* time = from.as_time()) node.text = streamed(time->get());
    if (const auto* both = from.as_date_time()) node.text = streamed(both->get());
  }
  return node;
}

bool append_json(const TomlNode& node, std::string& out, const TomlNode*& culprit) {
  switch (node.kind) {
    case TomlNode::Kind::boolean:
      out += node.boolean ? "true" : "false";
      return true;
    case TomlNode::Kind::integer:
      out += std::to_string(node.integer);
      return true;
    case TomlNode::Kind::text:
      out += toml_quoted(node.text);
      return true;
    case TomlNode::Kind::number:
      if (!std::isfinite(node.number)) break;
      out += toml_number(node.number);
      return true;
    case TomlNode::Kind::date:
      break;
    case TomlNode::Kind::list:
    case TomlNode::Kind::table: {
      const bool table = node.kind == TomlNode::Kind::table;
      out += table ? '{' : '[';
      for (const TomlNode& child : node.children) {
        if (&child != &node.children.front()) out += ',';
        if (table) out += toml_quoted(child.key) + ':';
        if (!append_json(child, out, culprit)) return false;
      }
      out += table ? '}' : ']';
      return true;
    }
  }
  culprit = &node;
  return false;
}

}  // namespace

const TomlNode* TomlNode::find(std::string_view wanted) const {
  for (const TomlNode& child : children)
    if (child.key == wanted) return &child;
  return nullptr;
}

TomlOutcome parse_toml(std::string_view text, const std::string& file) {
  TomlOutcome outcome;
  if (text.size() > kTextBytesMax) {
    outcome.problem = ConfigProblem{file, 0, 0, "the file is larger than 1 MiB; a configuration never is"};
    return outcome;
  }
  if (const auto hazard = find_toml_hazard(text)) {
    outcome.problem = ConfigProblem{file, static_cast<unsigned>(hazard->line), 0,
                                    "not valid TOML: " + std::string(hazard->why)};
    return outcome;
  }
  const auto parsed = parse_toml_text(text);
  if (!parsed) {
    outcome.problem = ConfigProblem{file, 0, 0, "not valid TOML"};
    return outcome;
  }
  const toml::parse_result& result = *parsed;
  if (!result) {
    const toml::parse_error& error = result.error();
    std::string description(error.description());
    for (char& c : description)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
    outcome.problem = ConfigProblem{file, error.source().begin.line, error.source().begin.column,
                                    "not valid TOML: " + description};
    return outcome;
  }
  outcome.root = convert(result.table());
  return outcome;
}

std::string describe(const TomlNode& node) {
  switch (node.kind) {
    case TomlNode::Kind::boolean:
      return node.boolean ? "true" : "false";
    case TomlNode::Kind::integer:
      return "the whole number " + std::to_string(node.integer);
    case TomlNode::Kind::number:
      return "the decimal number " + (std::isfinite(node.number) ? toml_number(node.number)
                                      : std::isnan(node.number)  ? std::string("nan")
                                                                 : std::string("inf"));
    case TomlNode::Kind::date:
      return "the date or time " + node.text;
    case TomlNode::Kind::list:
      return "a list";
    case TomlNode::Kind::table:
      return "a table";
    case TomlNode::Kind::text:
      break;
  }
  if (node.text.size() <= kQuotedBytesMax) return "the string " + toml_quoted(node.text);
  std::size_t cut = kQuotedBytesMax;  // back to the start of a UTF-8 character
  while (cut > 0 && (static_cast<unsigned char>(node.text[cut]) & 0xC0) == 0x80) --cut;
  return "the string " + toml_quoted(std::string_view(node.text).substr(0, cut)) + "... (" +
         std::to_string(node.text.size()) + " bytes)";
}

std::optional<std::string> to_json(const TomlNode& node, const TomlNode*& culprit) {
  std::string out;
  if (!append_json(node, out, culprit)) return std::nullopt;
  return out;
}

std::string json_to_toml(std::string_view json) {
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted && c == '\\' && i + 1 < json.size()) {
      out += c;
      out += json[++i];
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (quoted || (c != ':' && c != ',')) {
      out += c;
    } else {
      out += c == ':' ? " = " : ", ";
    }
  }
  return out;
}

std::string toml_quoted(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\\u00";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string toml_key(std::string_view key) {
  const bool bare = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  return bare ? std::string(key) : toml_quoted(key);
}

std::string toml_number(double value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value);
  std::string text(digits, end.ptr);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace toolpost
