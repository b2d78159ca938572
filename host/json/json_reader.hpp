#pragma once
// Reads JSON from outside: strict, bounded, without copying. What it lets through is safe to pass on raw.
// Not for our own JSON (use nlohmann::json there).

#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/settings.hpp"

namespace toolpost {

/// Owns a parser and its memory. Threads: one at a time.
class JsonReader {
 public:
  explicit JsonReader(const LimitSettings& limits);

  /// `text` must be followed by at least simdjson::SIMDJSON_PADDING readable bytes. The element is borrowed from this
  /// reader until its next read. Refuses beyond the grammar: repeated keys, NUL in strings, integers outside 64 bits,
  /// and whatever passes [limits]. Error: invalid_input, naming the limit and where.
  Result<simdjson::dom::element> read(std::string_view text);
  /// For callers without padding: copies once.
  Result<simdjson::dom::element> read_copy(std::string_view text);

 private:
  Result<void> check(simdjson::dom::element element, std::uint32_t depth);
  Result<void> check_string(std::string_view text);
  Result<void> check_object(simdjson::dom::object object, std::uint32_t depth);

  const LimitSettings limits_;
  simdjson::dom::parser parser_;
  simdjson::padded_string copy_;
  std::uint64_t nodes_ = 0;
};

}  // namespace toolpost
