#pragma once
// The compiled form of one subschema. Private to the schema_*.cpp files.

#include <re2/re2.h>
#include <simdjson.h>

#include <deque>
#include <functional>
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
  using Value = const nlohmann::json*;  // in the schema document; null if the keyword is not there
  using Count = std::optional<std::uint64_t>;
  template <typename T>
  using ByName = std::map<std::string, T, std::less<>>;
  struct Pattern {
    std::unique_ptr<RE2> expression;
    Ref schema = nullptr;
  };
  /// Bits of `types`.
  enum Type : unsigned {
    null = 1,
    boolean = 2,
    object = 4,
    array = 8,
    string = 16,
    number = 32,
    integer = 64,
    any = 127
  };

  std::optional<bool> always;  // the schemas true and false
  unsigned types = any;
  Value enum_values = nullptr, constant = nullptr;
  Value maximum = nullptr, minimum = nullptr, exclusive_maximum = nullptr, exclusive_minimum = nullptr;
  Value multiple_of = nullptr;
  Count max_length, min_length, max_items, min_items, max_properties, min_properties, max_contains,
      min_contains;
  bool unique_items = false;
  Pattern pattern;  // without a schema
  std::vector<std::string> required;
  ByName<std::vector<std::string>> dependent_required;
  ByName<Ref> properties, dependent_schemas;
  std::vector<Pattern> pattern_properties;
  std::vector<Ref> prefix_items, all_of, any_of, one_of;
  Ref items = nullptr, contains = nullptr, additional_properties = nullptr, property_names = nullptr;
  Ref if_schema = nullptr, then_schema = nullptr, else_schema = nullptr, not_schema = nullptr;
  Ref unevaluated_items = nullptr, unevaluated_properties = nullptr;
  Ref ref = nullptr;
  Ref dynamic_ref = nullptr;   // where it points if no outer scope redefines it
  std::string dynamic_anchor;  // of dynamic_ref; empty if that is not dynamic after all
  const ByName<Ref>* resource_anchors =
      nullptr;  // $dynamicAnchors of the resource this is in; null if it has none
};

struct Schema::Compiled {
  nlohmann::json document;
  std::map<std::string, nlohmann::json> others;  // that references led to, by URI
  std::deque<SchemaNode> nodes;
  std::map<std::string, SchemaNode::ByName<SchemaNode::Ref>> dynamic_anchors;  // by resource
  SchemaNode::Ref root = nullptr;
  SchemaLimits limits;
  std::uint64_t pattern_size = 0;  // so far, of pattern_size_max

  /// Throws SchemaProblem for a pattern that cannot be used, and when all of them together are too large.
  std::unique_ptr<RE2> pattern(const std::string& text);
};

/// Why a schema does not compile; stays within schema_compile.cpp and schema_keywords.cpp.
struct SchemaProblem {
  std::string text;
};

/// Fills in what `schema`, an object, says by itself: all keywords but those that hold or name schemas.
/// Throws SchemaProblem.
void read_assertions(SchemaNode& node, const nlohmann::json& schema, Schema::Compiled& out);

}  // namespace toolpost
