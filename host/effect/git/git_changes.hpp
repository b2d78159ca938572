#pragma once
// git.changes: what differs between a commit, the index and the working files, as unified diffs.

#include <nlohmann/json.hpp>

#include "effect/git/git_repository.hpp"

namespace toolpost {

/// {root, branch, head, base?, files: [{path, old_path?, status, section, additions, deletions, binary,
/// diff}], omitted: [{path, why}], truncated}, as docs/plugin-guide.md says. A file that cannot be read is
/// omitted, and does not fail the rest. Errors: not_found (an unknown compare_to, or nothing to compare
/// with), unavailable, exhausted.
Result<nlohmann::json> git_changes(const OpenedRepository& repository, const GitOrder& order,
                                   const VisiblePaths& visible);

}  // namespace toolpost
