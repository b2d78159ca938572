#pragma once
// Which code points invisible.hpp is about, and in which company they are seen after all.

namespace toolpost {

/// Whether `code` belongs to the set at all, wherever it stands.
bool may_be_invisible(char32_t code);

/// Whether `code`, for which may_be_invisible holds, has a visible effect between these two; 0 is the end of
/// the text.
bool is_seen_between(char32_t before, char32_t code, char32_t after);

}  // namespace toolpost
