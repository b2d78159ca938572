#pragma once
// Where a repository's parts are, all of them beneath granted roots and reached through no link. A ".git"
// file (a worktree's, a submodule's) is followed only as far as that. Not for what is in them: libgit2 reads
// that in its own process.

#include <string>
#include <string_view>

#include "effect/file/file_roots.hpp"

namespace toolpost {

struct GitPlaces {
  std::string folder;         // the working files; empty for a bare repository
  std::string git_folder;     // HEAD and the index
  std::string common_folder;  // objects and refs; the same but for a worktree
};

/// Errors:  not_found (no repository), permission (outside the roots, a link, borrowed objects), and those of
/// FileRoots::open_folder. Threads: any; blocks on the disk.
Result<GitPlaces> find_git_places(const FileRoots& roots, std::string_view path);

/// Whether the open folder is a repository, or has one: by names alone.
enum class RepositorySign { none, dot_git, bare };
RepositorySign repository_sign(int folder);

}  // namespace toolpost
