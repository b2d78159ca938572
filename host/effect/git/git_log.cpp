#include "effect/git/git_log.hpp"

#include <cstring>
#include <map>
#include <set>
#include <utility>

namespace toolpost {
namespace {

using nlohmann::json;

constexpr std::size_t kCommitsSeenMax = 50'000;
constexpr std::size_t kTextBytesMax = 500;

std::string cut(const char* text) {
  return text == nullptr ? std::string() : std::string(text, strnlen(text, kTextBytesMax));
}

/// The file as it is in a commit; zeroes when it is not there.
git_oid file_in(git_commit* commit, const std::string& file) {
  git_oid id{};
  git_tree* tree = nullptr;
  if (git_commit_tree(&tree, commit) != 0) return id;
  const TreeHandle owned(tree);
  git_tree_entry* entry = nullptr;
  if (git_tree_entry_bypath(&entry, tree, file.c_str()) != 0) return id;
  const TreeEntryHandle found(entry);
  return *git_tree_entry_id(entry);
}

/// Whether the commit's file differs from that of each of its parents, as "git log" decides it.
bool changed(git_commit* commit, const std::string& file) {
  const git_oid own = file_in(commit, file);
  const unsigned parents = git_commit_parentcount(commit);
  if (parents == 0) return git_oid_is_zero(&own) == 0;
  for (unsigned i = 0; i < parents; ++i) {
    git_commit* parent = nullptr;
    if (git_commit_parent(&parent, commit, i) != 0) continue;
    const CommitHandle owned(parent);
    const git_oid before = file_in(parent, file);
    if (git_oid_equal(&before, &own) != 0) return false;
  }
  return true;
}

/// Commits from HEAD back, newest first. Not libgit2's own walk: that fails as a whole where a parent is
/// missing, as in every shallow clone.
class History {
 public:
  explicit History(git_repository* repository) : repository_(repository) {}

  /// False when there is no such commit, or it cannot be read.
  bool add(const git_oid& id) {
    if (!seen_.insert(oid_text(id)).second) return true;
    git_commit* commit = nullptr;
    if (git_commit_lookup(&commit, repository_, &id) != 0) return false;
    waiting_.emplace(std::pair(-git_commit_time(commit), seen_.size()), CommitHandle(commit));
    return true;
  }
  /// Takes the newest one, whose parents then wait. Null at the end.
  CommitHandle next() {
    if (waiting_.empty()) return nullptr;
    CommitHandle commit = std::move(waiting_.extract(waiting_.begin()).mapped());
    const unsigned parents = git_commit_parentcount(commit.get());
    for (unsigned i = 0; i < parents; ++i) whole_ = add(*git_commit_parent_id(commit.get(), i)) && whole_;
    return commit;
  }
  std::size_t seen() const { return seen_.size(); }
  bool whole() const { return whole_; }

 private:
  git_repository* const repository_;
  std::set<std::string> seen_;
  std::map<std::pair<git_time_t, std::size_t>, CommitHandle> waiting_;  // newest first, then first seen
  bool whole_ = true;
};

}  // namespace

Result<json> git_log(const OpenedRepository& repository, const GitOrder& order) {
  auto head = read_head(repository.handle.get());
  if (!head) return head.error();
  json entries = json::array();
  bool truncated = false;
  History history(repository.handle.get());
  if (head->id && !history.add(*head->id)) return git_failure("reading commit " + oid_text(*head->id));
  while (const CommitHandle commit = history.next()) {
    truncated = entries.size() >= order.max_entries || history.seen() > kCommitsSeenMax;
    if (truncated) break;
    if (!order.file.empty() && !changed(commit.get(), order.file)) continue;
    entries.push_back({{"id", oid_text(*git_commit_id(commit.get()))},
                       {"summary", cut(git_commit_summary(commit.get()))},
                       {"author", cut(git_commit_author(commit.get())->name)},
                       {"time_ms", git_commit_time(commit.get()) * 1000}});
  }
  return json{{"entries", std::move(entries)}, {"truncated", truncated || !history.whole()}};
}

}  // namespace toolpost
