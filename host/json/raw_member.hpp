#pragma once
// Finds the raw text of one member of a JSON object that was already checked, so that it can be passed on as
// it came.

#include <optional>
#include <string_view>

namespace toolpost {

/// `object_text` is valid JSON, an object without repeated keys. The slice is borrowed from it.
std::optional<std::string_view> raw_member(std::string_view object_text, std::string_view key);

}  // namespace toolpost
