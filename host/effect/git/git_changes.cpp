#include "effect/git/git_changes.hpp"

#include "effect/git/changed_files.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

git_diff_options plain_options(const GitOrder& order, ChangedFiles& files) {
  git_diff_options options;
  git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
  options.context_lines = order.context_lines;
  options.max_size = kGitFileBytesMax;
  options.flags = GIT_DIFF_INCLUDE_TYPECHANGE;
  files.attach(options);
  return options;
}

Result<TreeHandle> tree_of(git_repository* repository, const git_oid& id) {
  git_commit* commit = nullptr;
  if (git_commit_lookup(&commit, repository, &id) != 0) return git_failure("reading commit " + oid_text(id));
  const CommitHandle owned(commit);
  git_tree* tree = nullptr;
  if (git_commit_tree(&tree, commit) != 0) return git_failure("reading the files of commit " + oid_text(id));
  return TreeHandle(tree);
}

/// From where the two lines of history parted, or else from the commit itself.
git_oid base_of(git_repository* repository, const git_oid& compared, const git_oid& head) {
  git_oid base;
  return git_merge_base(&base, repository, &compared, &head) == 0 ? base : compared;
}

class Changes {
 public:
  Changes(const OpenedRepository& repository, const GitOrder& order, const VisiblePaths& visible)
      : repository_(repository.handle.get()),
        file_modes_(repository.file_modes),
        order_(order),
        files_(order, visible) {}

  Result<json> collect() {
    auto head = read_head(repository_);
    if (!head) return head.error();
    json answer = {{"root", order_.shown()},
                   {"branch", head->branch.empty() ? json() : json(head->branch)},
                   {"head", head->id ? json(oid_text(*head->id)) : json()}};
    TreeHandle tree;  // null stands for no files at all
    if (head->id) {
      auto found = tree_of(repository_, *head->id);
      if (!found) return found.error();
      tree = std::move(*found);
    }
    if (!order_.compare_to.empty()) {
      auto base = compare(*head, tree.get());
      if (!base) return base.error();
      answer["base"] = oid_text(*base);
    }
    if (!order_.folder.empty()) {
      if (auto read = read_folder(tree.get()); !read) return read.error();
    }
    files_.write_to(answer);
    return answer;
  }

 private:
  Result<git_oid> compare(const Head& head, git_tree* tree) {
    auto compared = find_commit(repository_, order_.compare_to);
    if (!compared) return compared.error();
    if (!head.id) {
      return Error{Errc::not_found, "there is no commit yet that could be compared with " +
                                        order_.compare_to + "; leave \"compare_to\" out"};
    }
    const git_oid base = base_of(repository_, *git_commit_id(compared->get()), *head.id);
    auto old_tree = tree_of(repository_, base);
    if (!old_tree) return old_tree.error();
    const git_diff_options options = plain_options(order_, files_);
    git_diff* diff = nullptr;
    if (git_diff_tree_to_tree(&diff, repository_, old_tree->get(), tree, &options) != 0)
      return git_failure("comparing with " + order_.compare_to);
    files_.add(DiffHandle(diff), "compare");
    return base;
  }

  Result<void> read_folder(git_tree* tree) {
    if (!order_.staged && !order_.unstaged && !order_.untracked) return {};
    git_index* index = nullptr;
    if (git_repository_index(&index, repository_) != 0) return git_failure("reading the index");
    const IndexHandle owned(index);
    git_diff* diff = nullptr;
    if (order_.staged) {
      const git_diff_options options = plain_options(order_, files_);
      if (git_diff_tree_to_index(&diff, repository_, tree, index, &options) != 0)
        return git_failure("comparing HEAD with the index");
      files_.add(DiffHandle(diff), "staged");
    }
    if (!order_.unstaged && !order_.untracked) return {};
    git_diff_options options = plain_options(order_, files_);
    // A submodule is a repository of its own, with a configuration of its own; nobody looks into it from
    // here.
    options.flags |= GIT_DIFF_IGNORE_SUBMODULES;
    if (!file_modes_) options.flags |= GIT_DIFF_IGNORE_FILEMODE;
    if (order_.untracked) {
      options.flags |=
          GIT_DIFF_INCLUDE_UNTRACKED | GIT_DIFF_RECURSE_UNTRACKED_DIRS | GIT_DIFF_SHOW_UNTRACKED_CONTENT;
    }
    if (git_diff_index_to_workdir(&diff, repository_, index, &options) != 0)
      return git_failure("comparing the index with the files");
    files_.add(DiffHandle(diff), "unstaged");
    return {};
  }

  git_repository* const repository_;
  const bool file_modes_;
  const GitOrder& order_;
  ChangedFiles files_;
};

}  // namespace

Result<json> git_changes(const OpenedRepository& repository, const GitOrder& order,
                         const VisiblePaths& visible) {
  return Changes(repository, order, visible).collect();
}

}  // namespace toolpost
