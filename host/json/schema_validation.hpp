#pragma once
// One run of a compiled schema over one instance. Private to the schema_*.cpp files; Schema::validate is the
// way in.

#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/schema_node.hpp"

namespace toolpost {

/// Which children of one instance a subschema has looked at, for unevaluatedItems and unevaluatedProperties.
struct Evaluated {
  std::vector<bool> children;  // by position; as long as needed
  bool all = false;

  void mark(std::size_t child);
  void add(const Evaluated& other);
  bool has(std::size_t child) const { return all || (child < children.size() && children[child]); }
};

class SchemaValidation {
 public:
  explicit SchemaValidation(const Schema::Compiled& schema) : schema_(schema) {}
  Result<void> run(simdjson::dom::element instance);

 private:
  using Element = simdjson::dom::element;
  struct Step {
    std::string_view key;
    std::size_t index = 0;
    bool is_key = false;
  };
  struct Failure {
    std::string where;
    std::string what;
    std::size_t depth = 0;  // of `where`, in steps
  };

  // Each answers whether the instance holds; if not, failure_ says why. `seen` is null where nobody asks.
  bool check(const SchemaNode& node, Element value, Evaluated* seen, std::uint32_t depth);
  bool check_value(const SchemaNode& node, Element value);
  bool check_references(const SchemaNode& node, Element value, Evaluated* seen, std::uint32_t depth);
  bool check_kind(const SchemaNode& node, Element value, Evaluated* seen, std::uint32_t depth);
  bool check_number(const SchemaNode& node, Element value);
  bool check_string(const SchemaNode& node, std::string_view text);

  bool check_array(const SchemaNode& node, Element value, Evaluated* seen, std::uint32_t depth);
  bool check_contains(const SchemaNode& node, Element value, Evaluated* seen, std::uint32_t depth);
  bool check_unique(simdjson::dom::array items);

  bool check_object(const SchemaNode& node, Element value, Evaluated* seen, std::uint32_t depth);
  bool check_presence(const SchemaNode& node, simdjson::dom::object members);
  bool check_member(const SchemaNode& node, simdjson::dom::key_value_pair member, bool& matched,
                    std::uint32_t depth);
  bool check_name(const SchemaNode& node, std::string_view key, std::uint32_t depth);
  bool fail_unknown(const SchemaNode& node, std::string_view key);
  bool has(simdjson::dom::object members, std::string_view key);

  bool check_logic(const SchemaNode& node, Element value, Evaluated* seen, std::uint32_t depth);
  bool check_any(const SchemaNode& node, Element value, Evaluated* seen, std::uint32_t depth);
  bool check_one(const SchemaNode& node, Element value, Evaluated* seen, std::uint32_t depth);
  bool check_unevaluated(const SchemaNode& node, Element value, Evaluated& seen, std::uint32_t depth);
  bool quietly(const SchemaNode& node, Element value, Evaluated* seen, std::uint32_t depth);
  bool child(const SchemaNode& node, Element value, Step step, std::uint32_t depth);

  bool matches(const SchemaNode::Pattern& pattern, std::string_view text);
  /// Counts work; false once there was too much of it.
  bool spend(std::uint64_t steps);
  bool stop(std::string problem);
  bool loud() const { return quiet_ == 0 && !stopped_; }
  /// For messages that are cheap; others ask loud() first.
  bool fail(std::string what);
  bool fail_alternatives(const char* keyword, const std::vector<Failure>& failures);

  const Schema::Compiled& schema_;
  std::vector<const SchemaNode::ByName<SchemaNode::Ref>*>
      scopes_;  // of the resources we are in, outermost first
  std::vector<Step> path_;
  Failure failure_;
  std::string stopped_why_;
  simdjson::dom::parser names_;  // keys have no elements of their own
  std::uint64_t steps_ = 0;
  int quiet_ = 0;
  bool stopped_ = false;
};

}  // namespace toolpost
