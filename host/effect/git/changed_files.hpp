#pragma once
// The files of diffs as JSON, within an answer's bounds, without those that must not be seen. Not for which
// diffs are made (git_changes.hpp).

#include <nlohmann/json.hpp>
#include <set>

#include "effect/git/git_handle.hpp"
#include "effect/git/git_order.hpp"

namespace toolpost {

constexpr std::int64_t kGitFileBytesMax = 8 << 20;  // a larger file is not compared
constexpr std::size_t kGitOmittedMax = 200;         // named; the rest only makes the answer truncated
constexpr std::size_t kGitRenamesMax = 1000;        // with more files, none is taken for a renamed one

class ChangedFiles {
 public:
  /// Both references must outlive the object.
  ChangedFiles(const GitOrder& order, const VisiblePaths& visible) : order_(order), visible_(visible) {}

  /// Makes a diff leave out hidden files before their contents are read or compared.
  /// Lifetime: this object must outlive the diff that is made with `options`.
  void attach(git_diff_options& options);
  /// Takes over the files of `diff` up to git.files_max and max_bytes, those before it included.
  void add(DiffHandle diff, const std::string& section);
  void write_to(nlohmann::json& answer);

 private:
  static int on_delta(const git_diff* diff, const git_diff_delta* delta, const char* pathspec, void* self);
  void add_one(git_diff* diff, std::size_t number, const std::string& section);
  std::string hidden_because(const git_diff_delta& delta) const;
  void omit(const git_diff_delta& delta, const std::string& why);

  const GitOrder& order_;
  const VisiblePaths& visible_;
  nlohmann::json files_ = nlohmann::json::array();
  nlohmann::json omitted_ = nlohmann::json::array();
  std::set<std::pair<std::string, std::string>> omitted_seen_;
  std::uint64_t bytes_ = 0;  // of files_, as JSON text
  bool truncated_ = false;
};

}  // namespace toolpost
