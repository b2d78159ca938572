#pragma once
// JSON Schema 2020-12, compiled once, checked against parsed JSON. Bounded in depth, size and steps; patterns
// run on RE2, so no input makes them slow; nothing is ever fetched: references lead within the schema, to the
// metaschema, or to documents that were handed in. `format` is an annotation here, as the standard says.

#include <simdjson.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace toolpost {

struct SchemaLimits {
  std::uint32_t depth_max = 64;  // nesting of the schema, and of references while checking
  std::uint32_t subschemas_max = 5'000;
  std::uint32_t pattern_bytes_max = 1'024;
  std::uint32_t pattern_size_max = 20'000;  // instructions of all compiled patterns together
  std::uint64_t steps_max = 1'000'000;      // subschema applications of one validation
};

/// JSON texts by their URI.
using SchemaDocuments = std::map<std::string, std::string>;

class SchemaNode;

class Schema {
 public:
  /// `documents` are where references, and a $schema of another dialect, may lead. Errors: incompatible,
  /// naming the place: what is no schema, an unresolvable $ref, a pattern RE2 cannot run, a dialect or
  /// vocabulary that is not known.
  static Result<Schema> compile(std::string_view schema_text, SchemaLimits limits = {},
                                const SchemaDocuments& documents = {});

  /// Errors: invalid_input, saying where, what was expected and what was found; exhausted past steps_max.
  /// Threads: any.
  Result<void> validate(simdjson::dom::element instance) const;

  Schema(Schema&&) noexcept;
  Schema& operator=(Schema&&) noexcept;
  ~Schema();

  struct Compiled;  // see schema_node.hpp

 private:
  explicit Schema(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace toolpost
