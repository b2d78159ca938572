#pragma once
// The schema of schemas, for references to it: a tool may take a schema as an argument.

#include <string_view>

namespace toolpost {

/// What $schema says of a 2020-12 schema, and where its metaschema is.
inline constexpr const char* kSchemaDialect = "https://json-schema.org/draft/2020-12/schema";

/// A JSON text that accepts what the standard's metaschema accepts, in one document instead of eight.
std::string_view schema_metaschema();

}  // namespace toolpost
