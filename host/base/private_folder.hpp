#pragma once
// The folder that holds one user's state.

#include <string>

#include "base/result.hpp"

namespace toolpost {

/// Made with mode 0700 where it is missing, missing parents with the usual mode. One that is there must be
/// this user's, and closed to others; an empty one is closed. What else is in an open folder may be
/// somebody's, so that one is refused. Errors: unavailable, exhausted, each naming the folder and the remedy.
Result<void> make_private_folder(const std::string& folder);

/// What went wrong with a file or folder of the state, by errno, with the remedy: "the state folder /x
/// cannot be made: ...".
Error state_failure(const std::string& what, const std::string& doing);

}  // namespace toolpost
