#pragma once
// What toolpost-git answers to one order: {"result": {...}} or {"code": ..., "message": ...} as JSON text.

#include <string>

#include "effect/git/git_order.hpp"

namespace toolpost {

/// Reads the repository. `level` is what the sandbox reached; start_libgit2 must have been called.
std::string git_answer(const GitOrder& order, int level);
std::string git_answer(const Error& error);

}  // namespace toolpost
