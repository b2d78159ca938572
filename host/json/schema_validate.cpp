#include <algorithm>

#include "base/text.hpp"
#include "json/json_pointer.hpp"
#include "json/schema_validation.hpp"
#include "json/schema_value.hpp"

namespace toolpost {
namespace {

using Kind = simdjson::dom::element_type;
using nlohmann::json;

// Of subschemas within subschemas during one check; keeps {"$ref":"#"} within the stack.
constexpr std::uint32_t kRecursionMax = 1024;

unsigned type_of(simdjson::dom::element value) {
  switch (value.type()) {
    case Kind::OBJECT:
      return SchemaNode::object;
    case Kind::ARRAY:
      return SchemaNode::array;
    case Kind::STRING:
      return SchemaNode::string;
    case Kind::BOOL:
      return SchemaNode::boolean;
    case Kind::NULL_VALUE:
      return SchemaNode::null;
    default:
      return is_integer(value) ? SchemaNode::integer : SchemaNode::number;
  }
}

std::string type_names(unsigned types) {
  std::string names;
  const auto add = [&](unsigned bit, const char* name) {
    if ((types & bit) != 0) names += (names.empty() ? "" : " or ") + std::string(name);
  };
  add(SchemaNode::null, "null");
  add(SchemaNode::boolean, "boolean");
  add(SchemaNode::object, "object");
  add(SchemaNode::array, "array");
  add(SchemaNode::string, "string");
  add(SchemaNode::number, "number");
  if ((types & SchemaNode::number) == 0) add(SchemaNode::integer, "integer");
  return names;
}

/// The values, as many as fit into some 400 bytes, what was found, and what may have been meant.
std::string enum_mismatch(const json& values, simdjson::dom::element value) {
  std::string list;
  std::vector<std::string> words;
  for (const json& one : values) {
    if (list.size() > 400) {
      list += ", ...";
      break;
    }
    list += (list.empty() ? "" : ", ") + shown(one);
    if (one.is_string()) words.push_back(one);
  }
  std::string what = "must be one of " + (list.empty() ? "no values" : list) + ", but is " + shown(value);
  if (value.type() != Kind::STRING) return what;
  const auto near = did_you_mean(std::string_view(value), words);
  return near ? what + "; did you mean \"" + excerpt(*near, 100) + "\"?" : what;
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xc0) != 0x80; }));
}

}  // namespace

Result<void> Schema::validate(simdjson::dom::element instance) const {
  return SchemaValidation(*compiled_).run(instance);
}

Result<void> SchemaValidation::run(Element instance) {
  const bool valid = check(*schema_.root, instance, nullptr, 0);
  if (stopped_) return Error{Errc::exhausted, stopped_why_};
  if (valid) return {};
  return Error{Errc::invalid_input, failure_.where + " " + failure_.what};
}

bool SchemaValidation::spend(std::uint64_t steps) {
  steps_ += steps;
  if (steps_ <= schema_.limits.steps_max) return true;
  return stop("checking against the schema took more than " + std::to_string(schema_.limits.steps_max) +
              " steps; send less at once, or simplify the schema");
}

bool SchemaValidation::stop(std::string problem) {
  if (!stopped_) stopped_why_ = std::move(problem);
  stopped_ = true;
  return false;
}

bool SchemaValidation::fail(std::string what) {
  if (!loud()) return false;
  failure_.where.clear();
  for (const Step& step : path_)
    failure_.where += step.is_key ? pointer_step(step.key) : pointer_step(step.index);
  if (path_.empty()) failure_.where = "the value";
  failure_.what = std::move(what);
  failure_.depth = path_.size();
  return spend(8) && false;  // writing a message is work, too
}

bool SchemaValidation::check(const SchemaNode& node, Element value, Evaluated* seen, std::uint32_t depth) {
  if (!spend(1)) return false;
  if (depth > kRecursionMax) {
    return stop(
        "the schema applies more than " + std::to_string(kRecursionMax) +
        " subschemas within each other; it refers to itself without end, or the value nests too deep");
  }
  if (node.always) return *node.always || fail("is not allowed here");
  const bool new_scope =
      node.resource_anchors != nullptr && (scopes_.empty() || scopes_.back() != node.resource_anchors);
  if (new_scope) scopes_.push_back(node.resource_anchors);
  const bool asks = node.unevaluated_items != nullptr || node.unevaluated_properties != nullptr;
  Evaluated own;
  Evaluated* marks = seen != nullptr || asks ? &own : nullptr;
  const bool valid = check_value(node, value) && check_references(node, value, marks, depth) &&
                     check_kind(node, value, marks, depth) && check_logic(node, value, marks, depth) &&
                     (!asks || check_unevaluated(node, value, own, depth)) && !stopped_;
  if (new_scope) scopes_.pop_back();
  if (valid && seen != nullptr) seen->add(own);
  return valid;
}

bool SchemaValidation::child(const SchemaNode& node, Element value, Step step, std::uint32_t depth) {
  path_.push_back(step);
  const bool valid = check(node, value, nullptr, depth + 1);
  path_.pop_back();
  return valid;
}

bool SchemaValidation::quietly(const SchemaNode& node, Element value, Evaluated* seen, std::uint32_t depth) {
  ++quiet_;
  const bool valid = check(node, value, seen, depth + 1);
  --quiet_;
  return valid;
}

bool SchemaValidation::check_value(const SchemaNode& node, Element value) {
  if (node.types != SchemaNode::any && (node.types & type_of(value)) == 0) {
    return loud() && fail("must be of type " + type_names(node.types) + ", but is " + kind_name(value));
  }
  const auto equals = [&](const json& other) {
    std::uint64_t compared = 0;
    const bool same = equal_values(value, other, compared);
    return spend(compared / 4 + 1) && same;
  };
  if (node.enum_values != nullptr &&
      std::none_of(node.enum_values->begin(), node.enum_values->end(), equals)) {
    return loud() && fail(enum_mismatch(*node.enum_values, value));
  }
  if (node.constant != nullptr && !equals(*node.constant)) {
    return loud() && fail("must be " + shown(*node.constant) + ", but is " + shown(value));
  }
  return true;
}

bool SchemaValidation::check_references(const SchemaNode& node, Element value, Evaluated* seen,
                                        std::uint32_t depth) {
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

bool SchemaValidation::check_kind(const SchemaNode& node, Element value, Evaluated* seen,
                                  std::uint32_t depth) {
  switch (value.type()) {
    case Kind::OBJECT:
      return check_object(node, value, seen, depth);
    case Kind::ARRAY:
      return check_array(node, value, seen, depth);
    case Kind::STRING:
      return check_string(node, std::string_view(value));
    case Kind::BOOL:
    case Kind::NULL_VALUE:
      return true;
    default:
      return check_number(node, value);
  }
}

bool SchemaValidation::check_number(const SchemaNode& node, Element value) {
  const auto must = [&](const char* what, const json& bound) {
    return loud() && fail("must be " + std::string(what) + " " + shown(bound) + ", but is " + shown(value));
  };
  if (node.maximum != nullptr && compare_numbers(value, *node.maximum) > 0)
    return must("at most", *node.maximum);
  if (node.minimum != nullptr && compare_numbers(value, *node.minimum) < 0)
    return must("at least", *node.minimum);
  if (node.exclusive_maximum != nullptr && compare_numbers(value, *node.exclusive_maximum) >= 0) {
    return must("below", *node.exclusive_maximum);
  }
  if (node.exclusive_minimum != nullptr && compare_numbers(value, *node.exclusive_minimum) <= 0) {
    return must("above", *node.exclusive_minimum);
  }
  if (node.multiple_of != nullptr && !is_multiple(value, *node.multiple_of))
    return must("a multiple of", *node.multiple_of);
  return true;
}

bool SchemaValidation::matches(const SchemaNode::Pattern& pattern, std::string_view text) {
  // RE2 is linear in the text, but at worst each byte costs every instruction.
  const auto size = static_cast<std::uint64_t>(pattern.expression->ProgramSize());
  return spend(1 + text.size() * size / 256) &&
         RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *pattern.expression);
}

bool SchemaValidation::check_string(const SchemaNode& node, std::string_view text) {
  if (node.max_length || node.min_length) {
    if (!spend(text.size() / 256)) return false;
    const std::size_t length = code_points(text);
    const auto must = [&](const char* what, std::uint64_t bound) {
      return loud() && fail("must have " + std::string(what) + " " + std::to_string(bound) +
                            " characters, but has " + std::to_string(length));
    };
    if (node.max_length && length > *node.max_length) return must("at most", *node.max_length);
    if (node.min_length && length < *node.min_length) return must("at least", *node.min_length);
  }
  if (node.pattern.expression != nullptr && !matches(node.pattern, text)) {
    return loud() && fail("must match the pattern " + excerpt(node.pattern.expression->pattern(), 200) +
                          ", but is \"" + excerpt(text, 60) + "\"");
  }
  return true;
}

}  // namespace toolpost
