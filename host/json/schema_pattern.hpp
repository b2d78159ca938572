#pragma once
// Patterns of schemas: ECMA-262 expressions, run by RE2 in time linear in the text. What RE2 cannot do
// (lookaround, backreferences) or means differently is refused when the schema is compiled.

#include <re2/re2.h>

#include <memory>
#include <string_view>

#include "base/result.hpp"

namespace toolpost {

/// Errors: incompatible, naming the pattern and why.
Result<std::unique_ptr<RE2>> compile_pattern(std::string_view pattern, std::size_t bytes_max);

}  // namespace toolpost
