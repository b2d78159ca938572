#pragma once
// Characters that people do not see but models read: invisible ones, text direction controls, tags, control
// characters and noncharacters. Text is stripped of them, names are refused. Nothing visible is ever changed
// or normalised.
//
// Kept in text, because it is seen: tab, line feed, carriage return; ZWJ and ZWNJ between letters of scripts
// that join, and ZWJ between emoji; one variation selector FE00-FE0F behind an emoji. Flags made of tag
// characters lose the tags.

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace toolpost {

/// Removes them from valid UTF-8 and returns how many; applying it again removes none.
std::size_t strip_invisible(std::string& utf8);

/// For names and paths: whether strip_invisible would remove anything. True for what is no UTF-8.
bool has_invisible(std::string_view utf8);

struct CleanJson {
  std::string text;
  std::size_t removed = 0;  // characters, over all strings
};

/// Strips all string values, also where they are written as \u escapes; what needs no change keeps its bytes.
/// `json_text` is valid JSON; this checks no more of the grammar than it needs.
/// Errors: invalid_input, naming the key, if an object key holds such a character, and for strings that are
/// malformed.
Result<CleanJson> clean_json(std::string_view json_text);

/// One quick scan. False: clean_json would change and refuse nothing. Always false for ASCII without odd
/// escapes.
bool may_need_cleaning(std::string_view json_text);

}  // namespace toolpost
