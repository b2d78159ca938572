#pragma once
// libgit2's objects with owners, and its failures as errors. For the program toolpost-git alone.

#include <git2.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace toolpost {

template <auto Free>
struct GitFree {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <typename T, auto Free>
using GitHandle = std::unique_ptr<T, GitFree<Free>>;

using RepositoryHandle = GitHandle<git_repository, git_repository_free>;
using ConfigHandle = GitHandle<git_config, git_config_free>;
using OdbHandle = GitHandle<git_odb, git_odb_free>;
using IndexHandle = GitHandle<git_index, git_index_free>;
using ReferenceHandle = GitHandle<git_reference, git_reference_free>;
using BranchIteratorHandle = GitHandle<git_branch_iterator, git_branch_iterator_free>;
using ObjectHandle = GitHandle<git_object, git_object_free>;
using CommitHandle = GitHandle<git_commit, git_commit_free>;
using TreeHandle = GitHandle<git_tree, git_tree_free>;
using TreeEntryHandle = GitHandle<git_tree_entry, git_tree_entry_free>;
using DiffHandle = GitHandle<git_diff, git_diff_free>;
using PatchHandle = GitHandle<git_patch, git_patch_free>;

/// What libgit2 said last, in plain text.
std::string git_reason();

/// `what` could not be done, with libgit2's reason: unavailable, since the repository is damaged then;
/// exhausted when memory ran out.
Error git_failure(std::string_view what);

std::string oid_text(const git_oid& id);

}  // namespace toolpost
