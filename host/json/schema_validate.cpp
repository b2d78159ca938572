#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.hpp"
#include "json/schema_node.hpp"

namespace toolpost {
namespace {

namespace dom = simdjson::dom;
using Kind = dom::element_type;
using nlohmann::json;

/// What a subschema has looked at, for unevaluatedItems and unevaluatedProperties.
struct Evaluated {
  std::set<std::string_view> properties;
  std::set<std::size_t> items;
  bool all_items = false;
  bool all_properties = false;

  void add(const Evaluated& other) {
    properties.insert(other.properties.begin(), other.properties.end());
    items.insert(other.items.begin(), other.items.end());
    all_items = all_items || other.all_items;
    all_properties = all_properties || other.all_properties;
  }
};

long double to_number(dom::element value) {
  switch (value.type()) {
    case Kind::INT64: return static_cast<long double>(std::int64_t(value));
    case Kind::UINT64: return static_cast<long double>(std::uint64_t(value));
    default: return static_cast<long double>(double(value));
  }
}
long double to_number(const json& value) {
  if (value.is_number_unsigned()) return static_cast<long double>(value.get<std::uint64_t>());
  if (value.is_number_integer()) return static_cast<long double>(value.get<std::int64_t>());
  return static_cast<long double>(value.get<double>());
}

bool is_number(Kind kind) { return kind == Kind::INT64 || kind == Kind::UINT64 || kind == Kind::DOUBLE; }
bool is_integer(dom::element value) {
  if (value.type() != Kind::DOUBLE) return is_number(value.type());
  const double number = double(value);
  return std::isfinite(number) && std::floor(number) == number;
}

bool equal(dom::element a, const json& b) {
  switch (a.type()) {
    case Kind::NULL_VALUE: return b.is_null();
    case Kind::BOOL: return b.is_boolean() && b.get<bool>() == bool(a);
    case Kind::STRING: return b.is_string() && b.get_ref<const std::string&>() == std::string_view(a);
    case Kind::ARRAY: {
      const dom::array items(a);
      if (!b.is_array() || items.size() != b.size()) return false;
      std::size_t at = 0;
      return std::all_of(items.begin(), items.end(), [&](dom::element item) { return equal(item, b[at++]); });
    }
    case Kind::OBJECT: {
      const dom::object members(a);
      if (!b.is_object() || members.size() != b.size()) return false;
      for (const auto member : members) {
        const auto other = b.find(std::string(member.key));
        if (other == b.end() || !equal(member.value, *other)) return false;
      }
      return true;
    }
    default: return b.is_number() && to_number(a) == to_number(b);
  }
}

/// A text that is the same exactly when two values are, for uniqueItems without comparing all pairs.
void write_identity(dom::element value, std::string& out) {
  switch (value.type()) {
    case Kind::OBJECT: {
      std::vector<std::pair<std::string_view, dom::element>> members;
      for (const auto member : dom::object(value)) members.emplace_back(member.key, member.value);
      std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      out += '{';
      for (const auto& [key, member] : members) {
        out += std::to_string(key.size()) + ":";
        out += key;
        write_identity(member, out);
      }
      out += '}';
      return;
    }
    case Kind::ARRAY:
      out += '[';
      for (const auto item : dom::array(value)) {
        write_identity(item, out);
        out += ',';
      }
      out += ']';
      return;
    case Kind::STRING:
      out += "s" + std::to_string(std::string_view(value).size()) + ":";
      out += std::string_view(value);
      return;
    case Kind::BOOL: out += bool(value) ? "t" : "f"; return;
    case Kind::NULL_VALUE: out += 'n'; return;
    default: {
      const long double number = to_number(value);
      char text[64];
      std::snprintf(text, sizeof text, "#%.21Lg", number == 0 ? 0.0L : number);
      out += text;
    }
  }
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xc0) != 0x80; }));
}

const char* kind_name(dom::element value) {
  switch (value.type()) {
    case Kind::OBJECT: return "an object";
    case Kind::ARRAY: return "an array";
    case Kind::STRING: return "a string";
    case Kind::BOOL: return "a boolean";
    case Kind::NULL_VALUE: return "null";
    default: return is_integer(value) ? "an integer" : "a number";
  }
}

std::string shown(const json& value) {
  const std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  return text.size() <= 80 ? text : text.substr(0, 77) + "...";
}

class Validation {
 public:
  explicit Validation(const Schema::Compiled& schema) : schema_(schema) {}

  Result<void> run(dom::element instance) {
    Evaluated evaluated;
    const bool valid = check(*schema_.root, instance, evaluated, 0);
    if (exhausted_) {
      return Error{Errc::exhausted, "checking against the schema took more than " +
                                        std::to_string(schema_.limits.steps_max) + " steps"};
    }
    if (valid) return {};
    return Error{Errc::invalid_input, problem_};
  }

 private:
  /// The deepest, first problem is kept: it is the most telling one.
  bool fail(const std::string& what) {
    if (quiet_ == 0 && (problem_.empty() || path_.size() > problem_depth_)) {
      problem_ = (path_.empty() ? std::string("the value") : path_) + " " + what;
      problem_depth_ = path_.size();
    }
    return false;
  }

  bool check(const SchemaNode& node, dom::element value, Evaluated& seen, std::uint32_t depth) {
    if (++steps_ > schema_.limits.steps_max || depth > 512) {
      exhausted_ = true;
      return false;
    }
    if (node.always) return *node.always || fail("is not allowed here");
    const bool new_scope = node.resource_anchors != nullptr && (scopes_.empty() || scopes_.back() != node.resource_anchors);
    if (new_scope) scopes_.push_back(node.resource_anchors);
    Evaluated own;
    const bool valid = check_value(node, value) && check_references(node, value, own, depth) &&
                       check_kind(node, value, own, depth) && check_logic(node, value, own, depth) &&
                       check_unevaluated(node, value, own, depth);
    if (new_scope) scopes_.pop_back();
    if (valid) seen.add(own);
    return valid && !exhausted_;
  }

  bool check_value(const SchemaNode& node, dom::element value) {
    if (!node.types.empty() && std::none_of(node.types.begin(), node.types.end(), [&](const std::string& type) {
          return has_type(value, type);
        })) {
      std::string wanted;
      for (const std::string& type : node.types) wanted += (wanted.empty() ? "" : " or ") + type;
      return fail(std::string("must be of type ") + wanted + ", but is " + kind_name(value));
    }
    if (node.has_enum && std::none_of(node.enum_values.begin(), node.enum_values.end(),
                                      [&](const json& one) { return equal(value, one); })) {
      return fail("must be one of " + shown(node.enum_values) + suggestion(node, value));
    }
    if (node.constant && !equal(value, *node.constant)) return fail("must be " + shown(*node.constant));
    return true;
  }

  static std::string suggestion(const SchemaNode& node, dom::element value) {
    if (value.type() != Kind::STRING) return {};
    std::vector<std::string> words;
    for (const json& one : node.enum_values) {
      if (one.is_string()) words.push_back(one);
    }
    const auto near = did_you_mean(std::string_view(value), words);
    return near ? "; did you mean \"" + *near + "\"?" : "";
  }

  static bool has_type(dom::element value, const std::string& type) {
    switch (value.type()) {
      case Kind::OBJECT: return type == "object";
      case Kind::ARRAY: return type == "array";
      case Kind::STRING: return type == "string";
      case Kind::BOOL: return type == "boolean";
      case Kind::NULL_VALUE: return type == "null";
      default: return type == "number" || (type == "integer" && is_integer(value));
    }
  }

  bool check_references(const SchemaNode& node, dom::element value, Evaluated& seen, std::uint32_t depth) {
    if (node.ref != nullptr && !check(*node.ref, value, seen, depth + 1)) return false;
    if (node.dynamic_ref == nullptr) return true;
    SchemaNode::Ref target = node.dynamic_ref;
    if (!node.dynamic_anchor.empty()) {
      // The outermost resource on the way here that has this dynamic anchor wins.
      for (const auto* scope : scopes_) {
        if (const auto found = scope->find(node.dynamic_anchor); found != scope->end()) {
          target = found->second;
          break;
        }
      }
    }
    return check(*target, value, seen, depth + 1);
  }

  bool check_kind(const SchemaNode& node, dom::element value, Evaluated& seen, std::uint32_t depth) {
    switch (value.type()) {
      case Kind::OBJECT: return check_object(node, dom::object(value), value, seen, depth);
      case Kind::ARRAY: return check_array(node, dom::array(value), seen, depth);
      case Kind::STRING: return check_string(node, std::string_view(value));
      case Kind::BOOL: case Kind::NULL_VALUE: return true;
      default: return check_number(node, value);
    }
  }

  bool check_number(const SchemaNode& node, dom::element value) {
    const long double number = to_number(value);
    if (node.maximum && number > to_number(*node.maximum)) return fail("must be at most " + shown(*node.maximum));
    if (node.minimum && number < to_number(*node.minimum)) return fail("must be at least " + shown(*node.minimum));
    if (node.exclusive_maximum && number >= to_number(*node.exclusive_maximum)) {
      return fail("must be below " + shown(*node.exclusive_maximum));
    }
    if (node.exclusive_minimum && number <= to_number(*node.exclusive_minimum)) {
      return fail("must be above " + shown(*node.exclusive_minimum));
    }
    if (node.multiple_of) {
      const long double step = to_number(*node.multiple_of);
      const long double times = number / step;
      // 0.07 is a multiple of 0.01 to people, though not in binary: the quotient may be off by its last digits.
      const bool whole = std::fabs(times) < 1e19L ? std::fabs(times - std::round(times)) <= std::fabs(times) * 1e-15L
                                                  : std::fmod(number, step) == 0;
      if (!whole) return fail("must be a multiple of " + shown(*node.multiple_of));
    }
    return true;
  }

  bool check_string(const SchemaNode& node, std::string_view text) {
    if (node.max_length || node.min_length) {
      const std::size_t length = code_points(text);
      if (node.max_length && length > *node.max_length) return fail("must have at most " + std::to_string(*node.max_length) + " characters, has " + std::to_string(length));
      if (node.min_length && length < *node.min_length) return fail("must have at least " + std::to_string(*node.min_length) + " characters");
    }
    if (node.pattern && !RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *node.pattern)) {
      return fail("must match the pattern " + node.pattern->pattern());
    }
    return true;
  }

  /// Checks `value` under one more path step.
  bool child(const SchemaNode& node, dom::element value, const std::string& step, std::uint32_t depth) {
    const std::size_t length = path_.size();
    path_ += "/" + step;
    Evaluated ignored;
    const bool valid = check(node, value, ignored, depth + 1);
    path_.resize(length);
    return valid;
  }

  bool check_array(const SchemaNode& node, dom::array items, Evaluated& seen, std::uint32_t depth) {
    const std::size_t size = items.size();
    if (node.max_items && size > *node.max_items) return fail("must have at most " + std::to_string(*node.max_items) + " items");
    if (node.min_items && size < *node.min_items) return fail("must have at least " + std::to_string(*node.min_items) + " items");
    std::size_t at = 0;
    std::uint64_t contained = 0;
    std::set<std::string> identities;
    for (const dom::element item : items) {
      const std::string step = std::to_string(at);
      if (at < node.prefix_items.size()) {
        if (!child(*node.prefix_items[at], item, step, depth)) return false;
        seen.items.insert(at);
      } else if (node.items != nullptr) {
        if (!child(*node.items, item, step, depth)) return false;
      }
      if (node.contains != nullptr) {
        ++quiet_;
        if (child(*node.contains, item, step, depth)) {
          ++contained;
          seen.items.insert(at);
        }
        --quiet_;
      }
      if (node.unique_items) {
        std::string identity;
        write_identity(item, identity);
        if (!identities.insert(std::move(identity)).second) return fail("must not hold the same item twice");
      }
      ++at;
    }
    if (node.items != nullptr) seen.all_items = true;
    if (node.contains == nullptr) return true;
    const std::uint64_t least = node.min_contains.value_or(1);
    if (contained < least) return fail("must contain at least " + std::to_string(least) + " matching items");
    if (node.max_contains && contained > *node.max_contains) return fail("must contain at most " + std::to_string(*node.max_contains) + " matching items");
    return true;
  }

  bool check_object(const SchemaNode& node, dom::object members, dom::element value, Evaluated& seen, std::uint32_t depth) {
    const std::size_t size = members.size();
    if (node.max_properties && size > *node.max_properties) return fail("must have at most " + std::to_string(*node.max_properties) + " fields");
    if (node.min_properties && size < *node.min_properties) return fail("must have at least " + std::to_string(*node.min_properties) + " fields");
    const auto has = [&](const std::string& name) { return members.at_key(name).error() == simdjson::SUCCESS; };
    for (const std::string& name : node.required) {
      if (!has(name)) return fail("lacks the required field \"" + name + "\"");
    }
    for (const auto& [name, needs] : node.dependent_required) {
      if (!has(name)) continue;
      for (const std::string& need : needs) {
        if (!has(need)) return fail("has \"" + name + "\" and therefore needs \"" + need + "\"");
      }
    }
    for (const auto& [name, schema] : node.dependent_schemas) {
      if (has(name) && !check(*schema, value, seen, depth + 1)) return false;
    }
    if (node.properties.empty() && node.pattern_properties.empty() && node.additional_properties == nullptr &&
        node.property_names == nullptr) {
      return true;
    }
    for (const auto member : members) {
      if (!check_member(node, member.key, member.value, seen, depth)) return false;
    }
    return true;
  }

  bool check_member(const SchemaNode& node, std::string_view key, dom::element value, Evaluated& seen, std::uint32_t depth) {
    const std::string name(key);
    bool matched = false;
    if (const auto property = node.properties.find(name); property != node.properties.end()) {
      matched = true;
      if (!child(*property->second, value, name, depth)) return false;
    }
    for (const SchemaNode::Pattern& one : node.pattern_properties) {
      if (!RE2::PartialMatch(name, *one.expression)) continue;
      matched = true;
      if (!child(*one.schema, value, name, depth)) return false;
    }
    if (!matched && node.additional_properties != nullptr) {
      if (node.additional_properties->always == false) return fail(unknown_field(node, name));
      if (!child(*node.additional_properties, value, name, depth)) return false;
      matched = true;
    }
    if (matched) seen.properties.insert(key);
    return node.property_names == nullptr || check_name(*node.property_names, name, depth);
  }

  static std::string unknown_field(const SchemaNode& node, const std::string& name) {
    std::vector<std::string> known;
    for (const auto& [property, schema] : node.properties) known.push_back(property);
    const auto near = did_you_mean(name, known);
    return "has an unknown field \"" + name + "\"" + (near ? "; did you mean \"" + *near + "\"?" : "");
  }

  bool check_name(const SchemaNode& node, const std::string& name, std::uint32_t depth) {
    // A key has no element of its own in the document, so it gets a document of its own.
    dom::parser parser;
    dom::element element;
    if (parser.parse(json(name).dump()).get(element) != simdjson::SUCCESS) return false;
    Evaluated ignored;
    return check(node, element, ignored, depth + 1);
  }

  bool quietly(const SchemaNode& node, dom::element value, Evaluated& seen, std::uint32_t depth) {
    ++quiet_;
    const bool valid = check(node, value, seen, depth + 1);
    --quiet_;
    return valid;
  }

  bool check_logic(const SchemaNode& node, dom::element value, Evaluated& seen, std::uint32_t depth) {
    for (const SchemaNode::Ref one : node.all_of) {
      if (!check(*one, value, seen, depth + 1)) return false;
    }
    if (!node.any_of.empty()) {
      bool any = false;
      for (const SchemaNode::Ref one : node.any_of) any = quietly(*one, value, seen, depth) || any;
      if (!any) return fail("fits none of the allowed forms (anyOf)");
    }
    if (!node.one_of.empty()) {
      int fits = 0;
      for (const SchemaNode::Ref one : node.one_of) fits += quietly(*one, value, seen, depth) ? 1 : 0;
      if (fits != 1) return fail("must fit exactly one of the allowed forms (oneOf), fits " + std::to_string(fits));
    }
    if (node.not_schema != nullptr) {
      Evaluated ignored;
      if (quietly(*node.not_schema, value, ignored, depth)) return fail("has a form that is not allowed (not)");
    }
    if (node.if_schema != nullptr) {
      const bool holds = quietly(*node.if_schema, value, seen, depth);
      const SchemaNode::Ref branch = holds ? node.then_schema : node.else_schema;
      if (branch != nullptr && !check(*branch, value, seen, depth + 1)) return false;
    }
    return true;
  }

  bool check_unevaluated(const SchemaNode& node, dom::element value, Evaluated& seen, std::uint32_t depth) {
    if (node.unevaluated_items != nullptr && value.type() == Kind::ARRAY && !seen.all_items) {
      std::size_t at = 0;
      for (const dom::element item : dom::array(value)) {
        if (!seen.items.contains(at) && !child(*node.unevaluated_items, item, std::to_string(at), depth)) return false;
        ++at;
      }
      seen.all_items = true;
    }
    if (node.unevaluated_properties != nullptr && value.type() == Kind::OBJECT && !seen.all_properties) {
      for (const auto member : dom::object(value)) {
        if (!seen.properties.contains(member.key) &&
            !child(*node.unevaluated_properties, member.value, std::string(member.key), depth)) {
          return false;
        }
      }
      seen.all_properties = true;
    }
    return true;
  }

  const Schema::Compiled& schema_;
  std::vector<const std::map<std::string, SchemaNode::Ref>*> scopes_;
  std::string path_;
  std::string problem_;
  std::size_t problem_depth_ = 0;
  std::uint64_t steps_ = 0;
  int quiet_ = 0;
  bool exhausted_ = false;
};

}  // namespace

Result<void> Schema::validate(simdjson::dom::element instance) const { return Validation(*compiled_).run(instance); }

}  // namespace toolpost
