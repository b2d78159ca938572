#include <algorithm>

#include "json/schema_validation.hpp"

// How subschemas combine: allOf and its kin, conditions, and what nobody has looked at.

namespace toolpost {

void Evaluated::mark(std::size_t child) {
  if (all) return;
  if (children.size() <= child) children.resize(child + 1);
  children[child] = true;
}

void Evaluated::add(const Evaluated& other) {
  all = all || other.all;
  if (children.size() < other.children.size()) children.resize(other.children.size());
  for (std::size_t at = 0; at < other.children.size(); ++at) {
    if (other.children[at]) children[at] = true;
  }
}

bool SchemaValidation::check_logic(const SchemaNode& node, Element value, Evaluated* seen,
                                   std::uint32_t depth) {
  for (const SchemaNode::Ref one : node.all_of) {
    if (!check(*one, value, seen, depth + 1)) return false;
  }
  if (!node.any_of.empty() && !check_any(node, value, seen, depth)) return false;
  if (!node.one_of.empty() && !check_one(node, value, seen, depth)) return false;
  if (node.not_schema != nullptr && quietly(*node.not_schema, value, nullptr, depth)) {
    return fail("has a form that is not allowed (not)");
  }
  if (node.if_schema == nullptr) return true;
  const bool holds = quietly(*node.if_schema, value, seen, depth);
  const SchemaNode::Ref branch = holds ? node.then_schema : node.else_schema;
  return !stopped_ && (branch == nullptr || check(*branch, value, seen, depth + 1));
}

bool SchemaValidation::check_any(const SchemaNode& node, Element value, Evaluated* seen,
                                 std::uint32_t depth) {
  std::vector<Failure> failures;
  bool any = false;
  for (const SchemaNode::Ref one : node.any_of) {
    if (check(*one, value, seen, depth + 1)) {
      any = true;
      if (seen == nullptr) break;  // else the others count as having looked, too
    } else if (loud()) {
      failures.push_back(failure_);
    }
    if (stopped_) return false;
  }
  return any || fail_alternatives("anyOf", failures);
}

bool SchemaValidation::check_one(const SchemaNode& node, Element value, Evaluated* seen,
                                 std::uint32_t depth) {
  std::vector<Failure> failures;
  std::size_t first = 0;  // counted from 1
  for (std::size_t at = 0; at < node.one_of.size(); ++at) {
    Evaluated own;
    if (check(*node.one_of[at], value, seen == nullptr ? nullptr : &own, depth + 1)) {
      if (first != 0) {
        return fail("must fit exactly one of the allowed forms (oneOf), but fits forms " +
                    std::to_string(first) + " and " + std::to_string(at + 1));
      }
      first = at + 1;
      if (seen != nullptr) seen->add(own);
    } else if (loud()) {
      failures.push_back(failure_);
    }
    if (stopped_) return false;
  }
  return first != 0 || fail_alternatives("oneOf", failures);
}

/// The alternative that got furthest is most likely the one that was meant; where none got anywhere, all are
/// named.
bool SchemaValidation::fail_alternatives(const char* keyword, const std::vector<Failure>& failures) {
  if (!loud()) return false;
  const auto best = std::max_element(failures.begin(), failures.end(),
                                     [](const Failure& a, const Failure& b) { return a.depth < b.depth; });
  const std::string of =
      "none of the " + std::to_string(failures.size()) + " allowed forms (" + keyword + ")";
  if (best != failures.end() && best->depth > path_.size()) {
    failure_ = *best;
    failure_.what += " (fits " + of + ", this is the closest)";
    return spend(8) && false;
  }
  std::string what = "fits " + of;
  std::string_view separator = ": ";
  for (const Failure& one : failures) {
    if (what.size() > 400) {
      what += "; ...";
      break;
    }
    what += separator;
    what += one.what;
    separator = "; or it ";
  }
  return fail(std::move(what));
}

bool SchemaValidation::check_unevaluated(const SchemaNode& node, Element value, Evaluated& seen,
                                         std::uint32_t depth) {
  std::size_t at = 0;
  if (node.unevaluated_items != nullptr && value.is_array()) {
    for (const Element item : simdjson::dom::array(value)) {
      if (!seen.has(at) && !child(*node.unevaluated_items, item, {{}, at, false}, depth)) return false;
      ++at;
    }
    seen.all = true;
  } else if (node.unevaluated_properties != nullptr && value.is_object()) {
    for (const auto member : simdjson::dom::object(value)) {
      if (!seen.has(at) && !child(*node.unevaluated_properties, member.value, {member.key, 0, true}, depth))
        return false;
      ++at;
    }
    seen.all = true;
  }
  return true;
}

}  // namespace toolpost
