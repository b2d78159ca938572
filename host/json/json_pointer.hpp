#pragma once
// JSON pointers (RFC 6901) as error messages show them: long keys are cut, so they tell people where, not
// programs.

#include <cstddef>
#include <string>
#include <string_view>

namespace toolpost {

/// "/key" with `~` and `/` escaped; a key of more than 100 bytes is cut and ends in "...".
std::string pointer_step(std::string_view key);
std::string pointer_step(std::size_t index);

/// At most `bytes_max` bytes of `utf8`, never half a character; "..." behind it if it was cut.
std::string excerpt(std::string_view utf8, std::size_t bytes_max);

}  // namespace toolpost
