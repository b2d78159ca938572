#pragma once
// What toolpost-git is told, as the host decided it, and what its parts share. Everything here is the host's
// own and trusted; what the repository holds is not.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "effect/file/protected_names.hpp"

namespace toolpost {

struct GitOrder {
  std::string kind;    // git.changes | git.log
  std::string folder;  // as in GitPlaces
  std::string git_folder;
  std::string common_folder;
  std::string compare_to;
  bool staged = false;
  bool unstaged = false;
  bool untracked = false;
  std::uint32_t context_lines = 0;
  std::uint64_t max_bytes = 0;
  std::uint32_t max_entries = 0;
  std::string file;
  std::uint32_t files_max = 0;
  std::uint64_t memory_bytes_max = 0;
  std::uint32_t level_max = 0;
  std::uint32_t min_level = 0;
  std::vector<std::string> deny;
  std::vector<std::string> hidden;  // folders within `folder` that are left out

  /// The repository, as messages name it.
  const std::string& shown() const { return folder.empty() ? git_folder : folder; }
};

/// Error: internal, as only the host writes orders.
Result<GitOrder> parse_git_order(std::string_view json);

/// Which files of a repository an answer may hold.
class VisiblePaths {
 public:
  static Result<VisiblePaths> make(const GitOrder& order);
  /// Why `path` (within the repository) is left out; empty when it is not.
  std::string hidden_because(std::string_view path) const;

 private:
  explicit VisiblePaths(ProtectedNames names) : protected_(std::move(names)) {}
  ProtectedNames protected_;
  std::vector<std::string> hidden_;
};

}  // namespace toolpost
