#pragma once
// git.log: the commits that lead to HEAD, newest first, of all files or of one.

#include <nlohmann/json.hpp>

#include "effect/git/git_repository.hpp"

namespace toolpost {

/// {entries: [{id, summary, author, time_ms}], truncated}. The author is a name without an address.
/// `truncated` says that there may be older ones: past max_entries, past 50,000 commits looked at for one
/// file, or past the end of a shallow clone. Errors: unavailable, exhausted.
Result<nlohmann::json> git_log(const OpenedRepository& repository, const GitOrder& order);

}  // namespace toolpost
