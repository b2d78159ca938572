#include "base/text.hpp"
#include "json/json_pointer.hpp"
#include "json/schema_node.hpp"
#include "json/schema_pattern.hpp"
#include "json/schema_value.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

const json* find(const json& schema, const char* key) {
  const auto found = schema.find(key);
  return found == schema.end() ? nullptr : &*found;
}

[[noreturn]] void refuse(const std::string& key, const char* expected, const json& found) {
  throw SchemaProblem{key + " must be " + expected + ", not " + shown(found)};
}

unsigned type_bit(const json& name) {
  static const std::vector<std::pair<std::string, unsigned>> kTypes = {
      {"null", SchemaNode::null},      {"boolean", SchemaNode::boolean},
      {"object", SchemaNode::object},  {"array", SchemaNode::array},
      {"string", SchemaNode::string},  {"number", SchemaNode::number | SchemaNode::integer},
      {"integer", SchemaNode::integer}};
  if (!name.is_string()) refuse("type", "a name or a list of names", name);
  std::vector<std::string> names;
  for (const auto& [type, bits] : kTypes) {
    if (name == type) return bits;
    names.push_back(type);
  }
  const auto near = did_you_mean(name.get_ref<const std::string&>(), names);
  throw SchemaProblem{"type " + shown(name) + " is unknown" +
                      (near ? "; did you mean \"" + *near + "\"?" : "")};
}

SchemaNode::Count count(const json& schema, const char* key) {
  const json* value = find(schema, key);
  if (value == nullptr) return std::nullopt;
  if (value->is_number_unsigned()) return value->get<std::uint64_t>();
  if (!value->is_number_float()) refuse(key, "a whole number from 0", *value);
  const double number = value->get<double>();  // 2.0 is a whole number
  if (number < 0 || number >= 0x1p64 || static_cast<double>(static_cast<std::uint64_t>(number)) != number) {
    refuse(key, "a whole number from 0", *value);
  }
  return static_cast<std::uint64_t>(number);
}

SchemaNode::Value number(const json& schema, const char* key) {
  const json* value = find(schema, key);
  if (value != nullptr && !value->is_number()) refuse(key, "a number", *value);
  return value;
}

std::vector<std::string> names(const std::string& key, const json& list) {
  std::vector<std::string> out;
  if (!list.is_array()) refuse(key, "a list of names", list);
  for (const json& name : list) {
    if (!name.is_string()) refuse(key, "a list of names", list);
    out.push_back(name);
  }
  return out;
}

}  // namespace

void read_assertions(SchemaNode& node, const json& schema, Schema::Compiled& out) {
  if (const json* type = find(schema, "type")) {
    node.types = 0;
    if (!type->is_array()) node.types = type_bit(*type);
    for (const json& one : type->is_array() ? *type : json::array()) node.types |= type_bit(one);
  }
  node.constant = find(schema, "const");
  node.enum_values = find(schema, "enum");
  if (node.enum_values != nullptr && !node.enum_values->is_array())
    refuse("enum", "a list", *node.enum_values);
  node.maximum = number(schema, "maximum");
  node.minimum = number(schema, "minimum");
  node.exclusive_maximum = number(schema, "exclusiveMaximum");
  node.exclusive_minimum = number(schema, "exclusiveMinimum");
  node.multiple_of = number(schema, "multipleOf");
  if (node.multiple_of != nullptr && node.multiple_of->get<double>() <= 0)
    refuse("multipleOf", "above 0", *node.multiple_of);
  node.max_length = count(schema, "maxLength");
  node.min_length = count(schema, "minLength");
  node.max_items = count(schema, "maxItems");
  node.min_items = count(schema, "minItems");
  node.max_properties = count(schema, "maxProperties");
  node.min_properties = count(schema, "minProperties");
  node.max_contains = count(schema, "maxContains");
  node.min_contains = count(schema, "minContains");
  if (const json* unique = find(schema, "uniqueItems")) {
    if (!unique->is_boolean()) refuse("uniqueItems", "true or false", *unique);
    node.unique_items = unique->get<bool>();
  }
  if (const json* pattern = find(schema, "pattern")) {
    if (!pattern->is_string()) refuse("pattern", "a string", *pattern);
    node.pattern.expression = out.pattern(pattern->get_ref<const std::string&>());
  }
  if (const json* required = find(schema, "required")) node.required = names("required", *required);
  if (const json* dependent = find(schema, "dependentRequired")) {
    if (!dependent->is_object()) refuse("dependentRequired", "an object", *dependent);
    for (const auto& [name, needs] : dependent->items())
      node.dependent_required[name] = names("dependentRequired", needs);
  }
}

}  // namespace toolpost
