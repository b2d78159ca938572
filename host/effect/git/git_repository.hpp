#pragma once
// Opens a repository such that nothing in it decides what else is read or run: its configuration, the
// system's and the user's are never read, and objects come from its own folder only. Not for what is then
// asked of it.

#include <optional>

#include "effect/git/git_handle.hpp"
#include "effect/git/git_order.hpp"

namespace toolpost {

/// Starts libgit2 with no search path, small memory windows and checked objects. Once, before anything else.
Result<void> start_libgit2(const GitOrder& order);

struct OpenedRepository {
  RepositoryHandle handle;
  bool file_modes = true;  // false: the folder's file system has no executable bit (core.fileMode)
};
/// Errors: unsupported (another object format or ref storage), unavailable (damaged), permission (links where
/// no kernel keeps libgit2 from following them).
Result<OpenedRepository> open_repository(const GitOrder& order, int level);

struct Head {
  std::string branch;         // empty when detached
  std::optional<git_oid> id;  // none in a repository without a commit
};
/// Errors: unavailable.
Result<Head> read_head(git_repository* repository);

/// Errors: not_found, saying which branches there are; unavailable.
Result<CommitHandle> find_commit(git_repository* repository, const std::string& revision);

}  // namespace toolpost
