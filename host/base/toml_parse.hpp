#pragma once
// toml++ as this host uses it; nothing else includes it. Its assertions fail on some malformed texts, and in
// a release build of clang they are promises to the optimizer instead. Here a failed one ends the parsing, in
// every build. Not for reading settings or manifests out of the tree.

#include <optional>
#include <string_view>

namespace toolpost {

struct TomlAssertionFailed {};

}  // namespace toolpost

#define TOML_EXCEPTIONS 0
#define TOML_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : throw ::toolpost::TomlAssertionFailed())
#pragma push_macro("NDEBUG")
#undef NDEBUG
#if defined(__GNUC__) && !defined(__clang__)
// Some of its accessors assert although they are noexcept; g++ remarks on it, and the parser is not among
// them.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wterminate"
#endif
#include <toml++/toml.h>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
#pragma pop_macro("NDEBUG")

namespace toolpost {

/// Nothing for a text that toml++ does not know what to make of. `text` must have passed find_toml_hazard().
inline std::optional<toml::parse_result> parse_toml_text(std::string_view text) {
  try {
    return toml::parse(text);
  } catch (const TomlAssertionFailed&) {
    return std::nullopt;
  }
}

}  // namespace toolpost
