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

/// Owns a parser and its memory, which grows with the largest text and is given back by small ones.
/// Threads: one at a time.
class JsonReader {
 public:
  explicit JsonReader(const LimitSettings& limits);

  /// `text` must be followed by at least simdjson::SIMDJSON_PADDING readable bytes. The element is borrowed
  /// from this reader until its next read. Refuses beyond the grammar: repeated keys, NUL in strings, lone
  /// surrogates, integers outside 64 bits, and whatever passes [limits]. Errors: invalid_input, naming what
  /// and where, and the limit with its setting.
  Result<simdjson::dom::element> read(std::string_view text);
  /// For callers without padding: copies once.
  Result<simdjson::dom::element> read_copy(std::string_view text);

 private:
  void size_parser(std::size_t text_size);
  bool check(simdjson::dom::element element, std::uint32_t depth);
  bool check_string(std::string_view text);
  bool check_object(simdjson::dom::object object, std::uint32_t depth);
  bool check_key(std::string_view key);
  bool check_repeats(std::size_t first_key);
  bool fail(std::string problem);
  bool over(const char* what, const char* setting, std::uint64_t limit);
  bool below(const std::string& step);

  const LimitSettings limits_;
  simdjson::dom::parser parser_;
  simdjson::padded_string copy_;
  std::uint64_t nodes_ = 0;
  bool has_unicode_escapes_ =
      false;  // of the text; without them no string holds NUL or half a surrogate pair
  std::vector<std::string_view> keys_;  // of the objects that are being checked, innermost last
  std::string problem_;
  std::string where_;  // grows to the front while a failed check returns
};

}  // namespace toolpost
