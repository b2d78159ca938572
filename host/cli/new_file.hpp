#pragma once
// Writes a command's result into a file that is not there yet. Not for state (see store/) or logs.

#include <string>

#include "base/result.hpp"

namespace toolpost {

/// Makes `path` (0600) with `text` in it; never touches what is there already, a dangling link included.
/// Errors: conflict, when something is there; unavailable, naming the reason, and then no part of it stays.
Result<void> write_new_file(const std::string& path, const std::string& text);

}  // namespace toolpost
