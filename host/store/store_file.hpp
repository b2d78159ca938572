#pragma once
// Makes sure that the store's file exists and that nobody else can read it. Not for its contents.

#include <string>

#include "base/result.hpp"

namespace toolpost {

/// Makes the folder (0700) and the file (0600) where they are missing; a file with a wider mode is narrowed.
/// Never opens a file that is there: closing it would drop SQLite's locks of this process on it.
/// Errors: unavailable, when folder or file belong to another user, are open to others, or are of another
/// kind.
Result<void> prepare_store_file(const std::string& file);

}  // namespace toolpost
