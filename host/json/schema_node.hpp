#pragma once
// The compiled form of one subschema. Private to the schema_*.cpp files.

#include <re2/re2.h>
#include <simdjson.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "json/schema.hpp"

namespace toolpost {

class SchemaNode {
 public:
  using Ref = const SchemaNode*;
  struct Pattern {
    std::unique_ptr<RE2> expression;
    Ref schema = nullptr;
  };

  std::optional<bool> always;                     // the schemas true and false
  std::vector<std::string> types;
  bool has_enum = false;
  nlohmann::json enum_values = nlohmann::json::array();
  std::optional<nlohmann::json> constant;
  std::optional<nlohmann::json> maximum, minimum, exclusive_maximum, exclusive_minimum, multiple_of;
  std::optional<std::uint64_t> max_length, min_length, max_items, min_items, max_properties, min_properties;
  std::optional<std::uint64_t> max_contains, min_contains;
  bool unique_items = false;
  std::unique_ptr<RE2> pattern;
  std::vector<std::string> required;
  std::map<std::string, std::vector<std::string>> dependent_required;
  std::map<std::string, Ref> properties, dependent_schemas;
  std::vector<Pattern> pattern_properties;
  std::vector<Ref> prefix_items, all_of, any_of, one_of;
  Ref items = nullptr, contains = nullptr, additional_properties = nullptr, property_names = nullptr;
  Ref if_schema = nullptr, then_schema = nullptr, else_schema = nullptr, not_schema = nullptr;
  Ref unevaluated_items = nullptr, unevaluated_properties = nullptr;
  Ref ref = nullptr;
  std::string dynamic_anchor;                     // of this resource's $dynamicRef, if it is dynamic
  Ref dynamic_ref = nullptr;                      // where it points if no outer scope redefines it
  std::map<std::string, Ref> const* resource_anchors = nullptr;  // $dynamicAnchors of the resource this is in
};

struct Schema::Compiled {
  std::vector<std::unique_ptr<SchemaNode>> nodes;
  std::map<std::string, std::map<std::string, SchemaNode::Ref>> dynamic_anchors;  // by resource
  SchemaNode::Ref root = nullptr;
  SchemaLimits limits;
};

}  // namespace toolpost
