#include <algorithm>
#include <unordered_set>

#include "base/text.hpp"
#include "json/json_pointer.hpp"
#include "json/json_text.hpp"
#include "json/schema_validation.hpp"
#include "json/schema_value.hpp"

// What schemas say of the items of arrays and the members of objects.

namespace toolpost {
namespace {

namespace dom = simdjson::dom;

std::string counted(std::uint64_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

bool SchemaValidation::check_array(const SchemaNode& node, Element value, Evaluated* seen,
                                   std::uint32_t depth) {
  const dom::array items = simdjson::dom::array(value);
  const std::size_t size = items.size();
  const auto must = [&](const char* what, std::uint64_t bound) {
    return loud() && fail("must have " + std::string(what) + " " + counted(bound, "item") + ", but has " +
                          std::to_string(size));
  };
  if (node.max_items && size > *node.max_items) return must("at most", *node.max_items);
  if (node.min_items && size < *node.min_items) return must("at least", *node.min_items);
  if (node.unique_items && !check_unique(items)) return false;
  if (!node.prefix_items.empty() || node.items != nullptr) {
    std::size_t at = 0;
    for (const Element item : items) {
      const SchemaNode::Ref schema = at < node.prefix_items.size() ? node.prefix_items[at] : node.items;
      if (schema == nullptr) break;
      if (!child(*schema, item, {{}, at, false}, depth)) return false;
      if (seen != nullptr && node.items == nullptr) seen->mark(at);
      ++at;
    }
    if (seen != nullptr && node.items != nullptr) seen->all = true;
  }
  return node.contains == nullptr || check_contains(node, value, seen, depth);
}

bool SchemaValidation::check_contains(const SchemaNode& node, Element value, Evaluated* seen,
                                      std::uint32_t depth) {
  std::uint64_t contained = 0;
  std::size_t at = 0;
  for (const Element item : simdjson::dom::array(value)) {
    if (quietly(*node.contains, item, nullptr, depth)) {
      ++contained;
      if (seen != nullptr) seen->mark(at);
    }
    if (stopped_) return false;
    ++at;
  }
  const auto must = [&](const char* what, std::uint64_t bound) {
    return loud() && fail("must contain " + std::string(what) + " " + counted(bound, "item") +
                          " of a certain form (contains), but has " + std::to_string(contained));
  };
  const std::uint64_t least = node.min_contains.value_or(1);
  if (contained < least) return must("at least", least);
  if (node.max_contains && contained > *node.max_contains) return must("at most", *node.max_contains);
  return true;
}

bool SchemaValidation::check_unique(dom::array items) {
  std::unordered_set<std::string> identities;
  std::size_t at = 0;
  for (const Element item : items) {
    std::string identity;
    append_identity(identity, item);
    if (!spend(1 + identity.size() / 32)) return false;
    if (!identities.insert(std::move(identity)).second) {
      return loud() && fail("must not hold the same item twice, but item " + std::to_string(at) + " (" +
                            shown(item) + ") repeats one before it");
    }
    ++at;
  }
  return true;
}

bool SchemaValidation::has(dom::object members, std::string_view key) {
  return spend(members.size() / 16) && members.at_key(key).error() == simdjson::SUCCESS;
}

bool SchemaValidation::check_object(const SchemaNode& node, Element value, Evaluated* seen,
                                    std::uint32_t depth) {
  const dom::object members = simdjson::dom::object(value);
  if (!check_presence(node, members)) return false;
  for (const auto& [name, schema] : node.dependent_schemas) {
    if (has(members, name) && !check(*schema, value, seen, depth + 1)) return false;
  }
  if (node.properties.empty() && node.pattern_properties.empty() && node.additional_properties == nullptr &&
      node.property_names == nullptr) {
    return true;
  }
  std::size_t at = 0;
  for (const dom::key_value_pair member : members) {
    bool matched = false;
    if (!spend(1) || !check_member(node, member, matched, depth)) return false;
    if (matched && seen != nullptr) seen->mark(at);
    ++at;
  }
  return true;
}

bool SchemaValidation::check_presence(const SchemaNode& node, dom::object members) {
  const std::size_t size = members.size();
  const auto must = [&](const char* what, std::uint64_t bound) {
    return loud() && fail("must have " + std::string(what) + " " + counted(bound, "field") + ", but has " +
                          std::to_string(size));
  };
  if (node.max_properties && size > *node.max_properties) return must("at most", *node.max_properties);
  if (node.min_properties && size < *node.min_properties) return must("at least", *node.min_properties);
  for (const std::string& name : node.required) {
    if (!has(members, name)) return loud() && fail("lacks the required field \"" + excerpt(name, 100) + "\"");
  }
  for (const auto& [name, needs] : node.dependent_required) {
    if (!has(members, name)) continue;
    for (const std::string& need : needs) {
      if (has(members, need)) continue;
      return loud() &&
             fail("has \"" + excerpt(name, 100) + "\" and therefore needs \"" + excerpt(need, 100) + "\"");
    }
  }
  return !stopped_;
}

bool SchemaValidation::check_member(const SchemaNode& node, dom::key_value_pair member, bool& matched,
                                    std::uint32_t depth) {
  const Step step{member.key, 0, true};
  if (node.property_names != nullptr && !check_name(*node.property_names, member.key, depth)) return false;
  if (const auto property = node.properties.find(member.key); property != node.properties.end()) {
    matched = true;
    if (!child(*property->second, member.value, step, depth)) return false;
  }
  for (const SchemaNode::Pattern& one : node.pattern_properties) {
    if (!matches(one, member.key)) continue;
    matched = true;
    if (!child(*one.schema, member.value, step, depth)) return false;
  }
  if (stopped_) return false;
  if (matched || node.additional_properties == nullptr) return true;
  matched = true;
  if (node.additional_properties->always == false) return fail_unknown(node, member.key);
  return child(*node.additional_properties, member.value, step, depth);
}

bool SchemaValidation::fail_unknown(const SchemaNode& node, std::string_view key) {
  constexpr std::size_t kListedMax = 400;  // bytes
  if (!loud()) return false;
  std::vector<std::string> known;
  std::string list;
  for (const auto& [property, schema] : node.properties) {
    known.push_back(property);
    if (list.size() <= kListedMax)
      list += (list.empty() ? "" : ", ") + (list.size() < kListedMax ? excerpt(property, 100) : "...");
  }
  spend(known.size());
  const auto near = did_you_mean(key, known);
  return fail("has an unknown field \"" + excerpt(key, 100) + "\"" +
              (near ? "; did you mean \"" + excerpt(*near, 100) + "\"?" : "") +
              (list.empty() ? "" : "; known are " + list));
}

bool SchemaValidation::check_name(const SchemaNode& node, std::string_view key, std::uint32_t depth) {
  std::string written;
  append_json_string(written, key);
  Element element;
  if (names_.parse(written).get(element) != simdjson::SUCCESS)
    return fail("has a field whose name is no text");
  if (check(node, element, nullptr, depth + 1)) return true;
  if (loud()) failure_.what = "has a field \"" + excerpt(key, 100) + "\" whose name " + failure_.what;
  return false;
}

}  // namespace toolpost
