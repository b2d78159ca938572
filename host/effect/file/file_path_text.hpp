#pragma once
// What a path may look like before the kernel sees it, and how a refused one is shown. Percent signs and
// backslashes are ordinary characters here: nothing is ever decoded. Not for where a path leads (see
// file_roots.hpp).

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace toolpost {

constexpr std::size_t kFilePathBytesMax = 4096;
constexpr std::size_t kFileNameBytesMax = 255;

/// The names of `path` in order, without empty ones and ".". A leading "/" leaves no trace.
/// Errors: invalid_input for an empty or over-long path or name, "..", control, invisible or
/// direction-changing characters, and what is not UTF-8.
Result<std::vector<std::string>> split_file_path(std::string_view path);

/// Whether one name, as a folder lists it, could be part of a path that split_file_path accepts.
bool is_plain_file_name(std::string_view name);

/// For messages: at most 200 bytes, quoted, and everything that is not plainly visible as "?".
std::string shown_file_path(std::string_view path);

/// How many bytes from the start are strict UTF-8 (no overlong forms, no surrogates) in whole characters.
std::size_t utf8_prefix_bytes(std::string_view bytes);

}  // namespace toolpost
