#include <functional>

#include "json/schema_node.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

constexpr const char* kDialect = "https://json-schema.org/draft/2020-12/schema";

struct Problem {
  std::string text;
};

/// The parts of a URI that references need; no more of RFC 3986 than schemas use.
std::string resolve_uri(const std::string& base, const std::string& reference) {
  if (reference.empty()) return base;
  if (reference.find(':') != std::string::npos && reference.find(':') < reference.find_first_of("/#?")) return reference;
  const std::string whole = base.substr(0, base.find('#'));
  if (reference[0] == '#') return whole + reference;
  const std::size_t scheme = whole.find("://");
  const std::size_t path = scheme == std::string::npos ? whole.find('/') : whole.find('/', scheme + 3);
  if (reference[0] == '/') return (path == std::string::npos ? whole : whole.substr(0, path)) + reference;
  const std::size_t last = whole.rfind('/');
  return (last == std::string::npos || last < path ? whole + (path == std::string::npos && scheme != std::string::npos ? "/" : "")
                                                   : whole.substr(0, last + 1)) + reference;
}

std::string decode_percent(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && std::isxdigit(static_cast<unsigned char>(text[i + 1])) != 0 &&
        std::isxdigit(static_cast<unsigned char>(text[i + 2])) != 0) {
      out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

class Compiler {
 public:
  Compiler(Schema::Compiled& out, const json& root) : out_(out), root_(root) {}

  void run() {
    if (root_.is_object() && root_.contains("$schema") && root_["$schema"] != kDialect) {
      throw Problem{"dialect " + root_["$schema"].dump() + " is not supported; write it in 2020-12 (" + kDialect + ")"};
    }
    index(root_, "", 0);
    out_.root = node(root_, base_of(root_, ""), 0);
    // References are compiled on demand; whatever they lead to is queued by node().
  }

 private:
  /// First pass: where the document's resources and anchors are, so that references may point ahead.
  void index(const json& schema, const std::string& outer_base, std::uint32_t depth) {
    if (depth > out_.limits.depth_max) throw Problem{"the schema nests deeper than " + std::to_string(out_.limits.depth_max)};
    if (schema.is_array()) {
      for (const json& item : schema) index(item, outer_base, depth + 1);
      return;
    }
    if (!schema.is_object()) return;
    const std::string base = base_of(schema, outer_base);
    if (depth == 0 || base != outer_base) resources_[base] = &schema;
    bases_[&schema] = base;
    for (const char* key : {"$anchor", "$dynamicAnchor"}) {
      if (schema.contains(key) && schema[key].is_string()) {
        anchors_[base + "#" + schema[key].get<std::string>()] = &schema;
        if (std::string_view(key) == "$dynamicAnchor") dynamic_.push_back({base, schema[key], &schema});
      }
    }
    for (const auto& [key, value] : schema.items()) {
      if (key == "enum" || key == "const" || key == "default" || key == "examples") continue;
      if (key == "properties" || key == "patternProperties" || key == "$defs" || key == "definitions" ||
          key == "dependentSchemas") {
        if (value.is_object()) {
          for (const auto& [name, sub] : value.items()) index(sub, base, depth + 1);
        }
      } else {
        index(value, base, depth + 1);
      }
    }
  }

  static std::string base_of(const json& schema, const std::string& outer) {
    if (!schema.is_object() || !schema.contains("$id") || !schema["$id"].is_string()) return outer;
    std::string id = schema["$id"];
    if (!id.empty() && id.back() == '#') id.pop_back();
    return resolve_uri(outer, id);
  }

  SchemaNode::Ref node(const json& schema, const std::string& base, std::uint32_t depth) {
    if (const auto made = made_.find(&schema); made != made_.end()) return made->second;
    if (depth > out_.limits.depth_max * 2) throw Problem{"references nest deeper than the schema may"};
    if (out_.nodes.size() >= out_.limits.subschemas_max) {
      throw Problem{"more than " + std::to_string(out_.limits.subschemas_max) + " subschemas"};
    }
    out_.nodes.push_back(std::make_unique<SchemaNode>());
    SchemaNode& made = *out_.nodes.back();
    made_[&schema] = &made;
    if (schema.is_boolean()) {
      made.always = schema.get<bool>();
      return &made;
    }
    if (!schema.is_object()) throw Problem{"a schema must be an object or a boolean, not " + schema.dump().substr(0, 60)};
    const auto known = bases_.find(&schema);
    const std::string own_base = known == bases_.end() ? base_of(schema, base) : known->second;
    made.resource_anchors = anchors_of(own_base, depth);
    assertions(made, schema);
    applicators(made, schema, own_base, depth);
    references(made, schema, own_base, depth);
    return &made;
  }

  /// The $dynamicAnchors of one resource; null if it has none.
  const std::map<std::string, SchemaNode::Ref>* anchors_of(const std::string& base, std::uint32_t depth) {
    const auto known = out_.dynamic_anchors.find(base);
    if (known != out_.dynamic_anchors.end()) return known->second.empty() ? nullptr : &known->second;
    auto& anchors = out_.dynamic_anchors[base];  // there before its schemas are, which lead back here
    for (const auto& [where, name, target] : dynamic_) {
      if (where == base) anchors[name] = nullptr;
    }
    for (const auto& [where, name, target] : dynamic_) {
      if (where == base) anchors[name] = node(*target, base, depth + 1);
    }
    return anchors.empty() ? nullptr : &anchors;
  }

  void references(SchemaNode& made, const json& schema, const std::string& base, std::uint32_t depth) {
    if (schema.contains("$ref")) made.ref = resolve(text(schema, "$ref"), base, depth);
    if (!schema.contains("$dynamicRef")) return;
    const std::string reference = text(schema, "$dynamicRef");
    made.dynamic_ref = resolve(reference, base, depth);
    const std::size_t hash = reference.find('#');
    const std::string name = hash == std::string::npos ? "" : reference.substr(hash + 1);
    for (const auto& [where, anchor, target] : dynamic_) {
      if (anchor == name && made_.contains(target) && made_.at(target) == made.dynamic_ref) made.dynamic_anchor = name;
    }
  }

  SchemaNode::Ref resolve(const std::string& reference, const std::string& base, std::uint32_t depth) {
    const std::string uri = resolve_uri(base, reference);
    const std::size_t hash = uri.find('#');
    const std::string resource = uri.substr(0, hash);
    const std::string fragment = hash == std::string::npos ? "" : decode_percent(uri.substr(hash + 1));
    const auto found = resources_.find(resource);
    if (found == resources_.end()) {
      throw Problem{"$ref \"" + reference + "\" leads outside the document; nothing is fetched"};
    }
    if (fragment.empty()) return node(*found->second, resource, depth + 1);
    if (fragment[0] != '/') {
      const auto anchor = anchors_.find(resource + "#" + fragment);
      if (anchor == anchors_.end()) throw Problem{"$ref \"" + reference + "\" names an anchor that is not there"};
      return node(*anchor->second, resource, depth + 1);
    }
    const json* target = nullptr;
    try {
      const json::json_pointer pointer(fragment);
      if (found->second->contains(pointer)) target = &found->second->at(pointer);
    } catch (const json::exception&) {
    }
    if (target == nullptr) throw Problem{"$ref \"" + reference + "\" points at nothing"};
    return node(*target, resource, depth + 1);
  }

  static std::string text(const json& schema, const char* key) {
    if (!schema[key].is_string()) throw Problem{std::string(key) + " must be a string"};
    return schema[key];
  }

  void applicators(SchemaNode& made, const json& schema, const std::string& base, std::uint32_t depth) {
    const auto one = [&](const char* key, SchemaNode::Ref& to) {
      if (schema.contains(key)) to = node(schema[key], base, depth + 1);
    };
    const auto list = [&](const char* key, std::vector<SchemaNode::Ref>& to) {
      if (!schema.contains(key)) return;
      if (!schema[key].is_array()) throw Problem{std::string(key) + " must be a list of schemas"};
      for (const json& item : schema[key]) to.push_back(node(item, base, depth + 1));
    };
    const auto map = [&](const char* key, const std::function<void(const std::string&, SchemaNode::Ref)>& to) {
      if (!schema.contains(key)) return;
      if (!schema[key].is_object()) throw Problem{std::string(key) + " must be an object of schemas"};
      for (const auto& [name, sub] : schema[key].items()) to(name, node(sub, base, depth + 1));
    };
    list("prefixItems", made.prefix_items);
    list("allOf", made.all_of);
    list("anyOf", made.any_of);
    list("oneOf", made.one_of);
    one("items", made.items);
    one("contains", made.contains);
    one("additionalProperties", made.additional_properties);
    one("propertyNames", made.property_names);
    one("if", made.if_schema);
    one("then", made.then_schema);
    one("else", made.else_schema);
    one("not", made.not_schema);
    one("unevaluatedItems", made.unevaluated_items);
    one("unevaluatedProperties", made.unevaluated_properties);
    map("properties", [&](const std::string& name, SchemaNode::Ref sub) { made.properties[name] = sub; });
    map("dependentSchemas", [&](const std::string& name, SchemaNode::Ref sub) { made.dependent_schemas[name] = sub; });
    map("patternProperties", [&](const std::string& name, SchemaNode::Ref sub) {
      made.pattern_properties.push_back({expression(name), sub});
    });
  }

  std::unique_ptr<RE2> expression(const std::string& pattern) const {
    if (pattern.size() > out_.limits.pattern_bytes_max) {
      throw Problem{"a pattern is longer than " + std::to_string(out_.limits.pattern_bytes_max) + " bytes"};
    }
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    auto made = std::make_unique<RE2>(pattern, options);
    if (!made->ok()) throw Problem{"pattern \"" + pattern + "\" cannot be used: " + made->error()};
    return made;
  }

  void assertions(SchemaNode& made, const json& schema) const {
    const auto count = [&](const char* key, std::optional<std::uint64_t>& to) {
      if (!schema.contains(key)) return;
      const json& value = schema[key];
      if (!value.is_number() || value.get<double>() < 0) throw Problem{std::string(key) + " must be a whole number from 0"};
      to = static_cast<std::uint64_t>(value.get<double>());
    };
    const auto number = [&](const char* key, std::optional<json>& to) {
      if (!schema.contains(key)) return;
      if (!schema[key].is_number()) throw Problem{std::string(key) + " must be a number"};
      to = schema[key];
    };
    if (schema.contains("type")) {
      const json& type = schema["type"];
      for (const json& one : type.is_array() ? type : json::array({type})) {
        if (!one.is_string()) throw Problem{"type must be a name or a list of names"};
        made.types.push_back(one);
      }
    }
    if (schema.contains("enum")) {
      made.has_enum = true;
      made.enum_values = schema["enum"];
    }
    if (schema.contains("const")) made.constant = schema["const"];
    number("maximum", made.maximum);
    number("minimum", made.minimum);
    number("exclusiveMaximum", made.exclusive_maximum);
    number("exclusiveMinimum", made.exclusive_minimum);
    number("multipleOf", made.multiple_of);
    count("maxLength", made.max_length);
    count("minLength", made.min_length);
    count("maxItems", made.max_items);
    count("minItems", made.min_items);
    count("maxProperties", made.max_properties);
    count("minProperties", made.min_properties);
    count("maxContains", made.max_contains);
    count("minContains", made.min_contains);
    made.unique_items = schema.contains("uniqueItems") && schema["uniqueItems"] == true;
    if (schema.contains("pattern")) made.pattern = expression(text(schema, "pattern"));
    if (schema.contains("required")) {
      if (!schema["required"].is_array()) throw Problem{"required must be a list of names"};
      for (const json& name : schema["required"]) {
        if (!name.is_string()) throw Problem{"required must be a list of names"};
        made.required.push_back(name);
      }
    }
    if (schema.contains("dependentRequired") && schema["dependentRequired"].is_object()) {
      for (const auto& [name, needs] : schema["dependentRequired"].items()) {
        made.dependent_required[name] = needs.get<std::vector<std::string>>();
      }
    }
  }

  struct DynamicAnchor {
    std::string base;
    std::string name;
    const json* target;
  };
  Schema::Compiled& out_;
  const json& root_;
  std::map<std::string, const json*> resources_;
  std::map<std::string, const json*> anchors_;
  std::map<const json*, std::string> bases_;
  std::map<const json*, SchemaNode::Ref> made_;
  std::vector<DynamicAnchor> dynamic_;
};

}  // namespace

Result<Schema> Schema::compile(std::string_view schema_text, SchemaLimits limits) {
  const auto refused = [](const std::string& why) { return Error{Errc::incompatible, "JSON Schema: " + why}; };
  const json document = json::parse(schema_text, nullptr, false);
  if (document.is_discarded()) return refused("not a JSON text");
  auto compiled = std::make_unique<Compiled>();
  compiled->limits = limits;
  try {
    Compiler(*compiled, document).run();
  } catch (const Problem& problem) {
    return refused(problem.text);
  } catch (const json::exception& problem) {
    return refused(problem.what());
  }
  return Schema(std::move(compiled));
}

Schema::Schema(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;
Schema::~Schema() = default;

}  // namespace toolpost
