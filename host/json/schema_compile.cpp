#include <algorithm>
#include <array>

#include "json/canonical_json.hpp"
#include "json/json_pointer.hpp"
#include "json/schema_metaschema.hpp"
#include "json/schema_node.hpp"
#include "json/schema_pattern.hpp"
#include "json/schema_uri.hpp"
#include "json/schema_value.hpp"

namespace toolpost {
namespace {

using nlohmann::json;
using Ref = SchemaNode::Ref;

// Vocabularies of 2020-12, by the last part of their URI; a dialect may ask for them. "format-assertion" is
// not among them: formats are not asserted here.
constexpr std::string_view kVocabularies = "https://json-schema.org/draft/2020-12/vocab/";
constexpr std::array<std::string_view, 7> kKnownVocabularies = {
    "core", "applicator", "unevaluated", "validation", "meta-data", "format-annotation", "content"};
/// Of a schema's dialect: whether type, minimum and their like mean anything.
enum class Asserts : bool { no, yes };

constexpr std::array kOne = {
    "items", "contains", "additionalProperties", "propertyNames",         "if",           "then",
    "else",  "not",      "unevaluatedItems",     "unevaluatedProperties", "contentSchema"};
constexpr std::array kList = {"allOf", "anyOf", "oneOf", "prefixItems"};
constexpr std::array kMap = {"$defs", "definitions", "properties", "patternProperties", "dependentSchemas"};

/// Makes nodes breadth first from a queue, so that neither nesting nor chains of references cost stack.
class Compiler {
 public:
  Compiler(Schema::Compiled& out, const SchemaDocuments& documents) : out_(out), documents_(documents) {}

  void run() {
    const std::string base = own_base(out_.document, "");
    resources_[base] = &out_.document;
    index(out_.document, "", Asserts::yes, 0);
    out_.root = node(out_.document, base, "");
    for (std::size_t next = 0; next < queue_.size(); ++next) {
      const Work work = queue_[next];
      try {
        fill(*work.node, *work.schema, work.base, work.place);
      } catch (const SchemaProblem& problem) {
        throw SchemaProblem{problem.text +
                            (work.place.empty() ? " (at the top)" : " (at " + work.place + ")")};
      }
    }
  }

 private:
  struct Work {
    SchemaNode* node;
    const json* schema;
    std::string base;
    std::string place;
  };
  struct DynamicAnchor {
    std::string base;
    std::string name;
    const json* target;
  };

  struct Place {
    std::string base;
    Asserts asserts;
  };

  /// First pass: where a document's resources and anchors are, so that references may point ahead.
  void index(const json& schema, const std::string& outer_base, Asserts outer_asserts, std::uint32_t depth) {
    if (depth > out_.limits.depth_max) {
      throw SchemaProblem{"schemas nest deeper than " + std::to_string(out_.limits.depth_max) + " levels"};
    }
    if (!schema.is_object()) return;
    const Asserts asserts =
        schema.contains("$schema") ? read_dialect(text(schema, "$schema")) : outer_asserts;
    const std::string base = own_base(schema, outer_base);
    if (schema.contains("$id")) {
      const auto [known, added] = resources_.try_emplace(base, &schema);
      if (known->second != &schema)
        throw SchemaProblem{"two schemas have the $id \"" + excerpt(base, 200) + "\""};
    }
    places_[&schema] = {base, asserts};
    index_anchors(schema, base);
    for (const char* key : kOne) {
      if (schema.contains(key)) index(schema[key], base, asserts, depth + 1);
    }
    for (const char* key : kList) {
      if (!schema.contains(key) || !schema[key].is_array()) continue;
      for (const json& sub : schema[key]) index(sub, base, asserts, depth + 1);
    }
    for (const char* key : kMap) {
      if (!schema.contains(key) || !schema[key].is_object()) continue;
      for (const json& sub : schema[key]) index(sub, base, asserts, depth + 1);
    }
  }

  void index_anchors(const json& schema, const std::string& base) {
    for (const char* key : {"$anchor", "$dynamicAnchor"}) {
      if (!schema.contains(key)) continue;
      const std::string name = text(schema, key);
      const auto [known, added] = anchors_.try_emplace(base + "#" + name, &schema);
      if (known->second != &schema)
        throw SchemaProblem{"two schemas have the anchor \"" + excerpt(name, 100) + "\""};
      if (key == std::string_view("$dynamicAnchor")) dynamic_.push_back({base, name, &schema});
    }
  }

  /// The dialect 2020-12, or one that a document defines out of its vocabularies.
  Asserts read_dialect(const std::string& dialect) {
    if (dialect == kSchemaDialect || dialect == std::string(kSchemaDialect) + "#") return Asserts::yes;
    const json* metaschema = documents_.contains(dialect) ? document(dialect) : nullptr;
    if (metaschema == nullptr || !metaschema->is_object())
      throw SchemaProblem{"dialect \"" + excerpt(dialect, 200) +
                          "\" is not supported; write it in 2020-12 (" + kSchemaDialect + ")"};
    const json vocabularies = metaschema->value("$vocabulary", json());
    if (!vocabularies.is_object()) return Asserts::yes;
    Asserts asserts = Asserts::no;
    for (const auto& [uri, needed] : vocabularies.items()) {
      const bool ours = uri.starts_with(kVocabularies);
      const std::string_view name = ours ? std::string_view(uri).substr(kVocabularies.size()) : "";
      const bool known =
          std::find(kKnownVocabularies.begin(), kKnownVocabularies.end(), name) != kKnownVocabularies.end();
      if (needed == true && !known)
        throw SchemaProblem{"dialect \"" + excerpt(dialect, 200) + "\" needs the vocabulary \"" +
                            excerpt(uri, 200) + "\", which is not known"};
      if (name == "validation") asserts = Asserts::yes;
    }
    return asserts;
  }

  /// A document besides the schema's own; null if there is none of that URI.
  const json* document(const std::string& uri) {
    if (const auto known = out_.others.find(uri); known != out_.others.end()) return &known->second;
    const auto handed = documents_.find(uri);
    if (handed == documents_.end() && uri != kSchemaDialect) return nullptr;
    const std::string_view text = handed == documents_.end() ? schema_metaschema() : handed->second;
    // As in compile(): strict, and bounded in depth.
    if (const auto strict = canonical_json(text); !strict)
      throw SchemaProblem{"the document " + excerpt(uri, 200) + ": " + strict.error().message};
    const json& read = out_.others[uri] = json::parse(text);
    return &read;
  }

  static std::string own_base(const json& schema, const std::string& outer) {
    if (!schema.is_object() || !schema.contains("$id")) return outer;
    std::string id = text(schema, "$id");
    if (id.ends_with('#')) id.pop_back();
    if (id.find('#') != std::string::npos)
      throw SchemaProblem{"$id \"" + excerpt(id, 200) + "\" has a fragment; use $anchor"};
    return resolve_uri(outer, id);
  }

  static std::string text(const json& schema, const char* key) {
    if (!schema[key].is_string())
      throw SchemaProblem{std::string(key) + " must be a string, not " + shown(schema[key])};
    return schema[key];
  }

  /// The node of `schema`; one that is new is filled in later.
  Ref node(const json& schema, const std::string& base, std::string place) {
    if (const auto made = made_.find(&schema); made != made_.end()) return made->second;
    if (out_.nodes.size() >= out_.limits.subschemas_max) {
      throw SchemaProblem{"more than " + std::to_string(out_.limits.subschemas_max) + " subschemas"};
    }
    SchemaNode* made = &out_.nodes.emplace_back();
    made_[&schema] = made;
    queue_.push_back({made, &schema, base, std::move(place)});
    return made;
  }

  void fill(SchemaNode& made, const json& schema, const std::string& outer_base, const std::string& place) {
    if (schema.is_boolean()) {
      made.always = schema.get<bool>();
      return;
    }
    if (!schema.is_object())
      throw SchemaProblem{"a schema must be an object or a boolean, not " + shown(schema)};
    if (!places_.contains(&schema))
      index(schema, outer_base, Asserts::yes, 0);  // a reference led where no schema was expected
    const auto& [base, asserts] = places_.at(&schema);
    made.resource_anchors = anchors_of(base);
    if (asserts == Asserts::yes) read_assertions(made, schema, out_);
    applicators(made, schema, base, place);
    references(made, schema, base);
  }

  /// The $dynamicAnchors of one resource; null if it has none.
  const SchemaNode::ByName<Ref>* anchors_of(const std::string& base) {
    const auto [known, added] = out_.dynamic_anchors.try_emplace(base);
    if (added) {
      for (const auto& [where, name, target] : dynamic_) {
        if (where == base) known->second[name] = node(*target, base, "#" + name);
      }
    }
    return known->second.empty() ? nullptr : &known->second;
  }

  void references(SchemaNode& made, const json& schema, const std::string& base) {
    if (schema.contains("$ref")) made.ref = resolve(text(schema, "$ref"), base);
    if (!schema.contains("$dynamicRef")) return;
    const std::string reference = text(schema, "$dynamicRef");
    made.dynamic_ref = resolve(reference, base);
    const std::size_t hash = reference.find('#');
    if (hash == std::string::npos) return;
    const std::string name = reference.substr(hash + 1);
    for (const auto& [where, anchor, target] : dynamic_) {
      const auto known = made_.find(target);
      if (anchor == name && known != made_.end() && known->second == made.dynamic_ref)
        made.dynamic_anchor = name;
    }
  }

  Ref resolve(const std::string& reference, const std::string& base) {
    const auto refuse = [&](const char* why) {
      throw SchemaProblem{"$ref \"" + excerpt(reference, 200) + "\" " + why};
    };
    const std::string uri = resolve_uri(base, reference);
    const std::size_t hash = uri.find('#');
    const std::string resource = uri.substr(0, hash);
    const std::string fragment = hash == std::string::npos ? "" : decode_percent(uri.substr(hash + 1));
    const json* top = resource_of(resource);
    if (top == nullptr) refuse("leads outside the document; nothing is fetched");
    const json* target = top;
    if (!fragment.empty() && fragment[0] != '/') {
      const auto place = places_.find(top);  // its own $id may be another than where it was found
      const auto anchor =
          anchors_.find((place == places_.end() ? resource : place->second.base) + "#" + fragment);
      if (anchor == anchors_.end()) refuse("names an anchor that is not there");
      target = anchor->second;
    } else if (!fragment.empty()) {
      try {
        target = &top->at(json::json_pointer(fragment));
      } catch (const json::exception&) {
        refuse("points at nothing");
      }
    }
    return node(*target, resource, reference);
  }

  const json* resource_of(const std::string& uri) {
    if (const auto found = resources_.find(uri); found != resources_.end()) return found->second;
    const json* other = document(uri);
    if (other == nullptr) return nullptr;
    resources_[uri] = other;
    index(*other, uri, Asserts::yes, 0);
    return other;
  }

  void applicators(SchemaNode& made, const json& schema, const std::string& base, const std::string& place) {
    const auto one = [&](const char* key, Ref& to) {
      if (schema.contains(key)) to = node(schema[key], base, place + pointer_step(key));
    };
    const auto list = [&](const char* key, std::vector<Ref>& to) {
      if (!schema.contains(key)) return;
      if (!schema[key].is_array() || schema[key].empty())
        throw SchemaProblem{std::string(key) + " must be a list of schemas"};
      for (const json& item : schema[key])
        to.push_back(node(item, base, place + pointer_step(key) + pointer_step(to.size())));
    };
    const auto map = [&](const char* key, const auto& to) {
      if (!schema.contains(key)) return;
      if (!schema[key].is_object()) throw SchemaProblem{std::string(key) + " must be an object of schemas"};
      for (const auto& [name, sub] : schema[key].items()) {
        to(name, node(sub, base, place + pointer_step(key) + pointer_step(name)));
      }
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
    map("properties", [&](const std::string& name, Ref sub) { made.properties[name] = sub; });
    map("dependentSchemas", [&](const std::string& name, Ref sub) { made.dependent_schemas[name] = sub; });
    map("patternProperties", [&](const std::string& name, Ref sub) {
      made.pattern_properties.push_back({out_.pattern(name), sub});
    });
  }

  Schema::Compiled& out_;
  const SchemaDocuments& documents_;
  std::deque<Work> queue_;
  std::map<std::string, const json*> resources_;
  std::map<std::string, const json*> anchors_;  // by base and "#" and name
  std::map<const json*, Place> places_;         // of all schemas that index() found
  std::map<const json*, SchemaNode*> made_;
  std::vector<DynamicAnchor> dynamic_;
};

}  // namespace

std::unique_ptr<RE2> Schema::Compiled::pattern(const std::string& text) {
  auto compiled = compile_pattern(text, limits.pattern_bytes_max);
  if (!compiled) throw SchemaProblem{compiled.error().message};
  pattern_size += static_cast<std::uint64_t>((*compiled)->ProgramSize());
  if (pattern_size > limits.pattern_size_max) {
    throw SchemaProblem{"its patterns are too large together (" + std::to_string(limits.pattern_size_max) +
                        " instructions at most); the last was \"" + excerpt(text, 200) + "\""};
  }
  return std::move(*compiled);
}

Result<Schema> Schema::compile(std::string_view schema_text, SchemaLimits limits,
                               const SchemaDocuments& documents) {
  const auto refused = [](const std::string& why) {
    return Error{Errc::incompatible, "JSON Schema: " + why};
  };
  // Strict where nlohmann is not (repeated keys), and bounds the depth before anything recurses.
  if (const auto strict = canonical_json(schema_text); !strict) return refused(strict.error().message);
  auto compiled = std::make_unique<Compiled>();
  compiled->document = nlohmann::json::parse(schema_text, nullptr, false);
  compiled->limits = limits;
  if (compiled->document.is_discarded()) return refused("not a JSON text");
  try {
    Compiler(*compiled, documents).run();
  } catch (const SchemaProblem& problem) {
    return refused(problem.text);
  } catch (const nlohmann::json::exception& problem) {
    return refused(problem.what());
  }
  return Schema(std::move(compiled));
}

Schema::Schema(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;
Schema::~Schema() = default;

}  // namespace toolpost
