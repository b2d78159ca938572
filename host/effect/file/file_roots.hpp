#pragma once
// The only door to files: a path is walked name by name beneath the descriptor of a granted root, through no
// link, past no protected name, and ends at a regular file of bounded size. Not for what is read from it
// (file_effects.hpp).

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "config/settings.hpp"
#include "effect/file/beneath_open.hpp"
#include "effect/file/protected_names.hpp"

namespace toolpost {

struct OpenedFile {
  UniqueFd fd;
  std::uint64_t bytes = 0;  // when it was opened; at most files.file_bytes_max
  std::int64_t mtime_ms = 0;
};

/// Whether the name ".git" may stand in a path. Only the git effects permit it: their answers never hold what
/// is in such a folder.
enum class DotGit { refused, permitted };

struct OpenedFolder {
  UniqueFd fd;
  std::string path;  // absolute, with the root's links resolved; holds no link
};

class FileRoots {
 public:
  /// Opens every root; one that is itself a link is resolved here, once. `state_dir` is refused even inside a
  /// root. Errors: invalid_config naming the root or the entry of files.deny that cannot be used.
  static Result<FileRoots> open(const std::vector<std::string>& roots, const FileSettings& settings,
                                const std::string& state_dir, OpenMethod method = OpenMethod::kernel);

  /// An absolute path must lie beneath a root, a relative one is looked up in the first.
  /// Errors:  invalid_input, permission, not_found, exhausted (too large), unavailable; they name `path` as
  /// given. Threads: any; blocks on the disk.
  Result<OpenedFile> open_file(std::string_view path) const;
  /// The same for a folder, to list it.
  Result<UniqueFd> open_directory(std::string_view path) const;
  /// The same with the folder's own path, for what must be opened by name.
  Result<OpenedFolder> open_folder(std::string_view path, DotGit dot_git) const;
  /// One folder further down, for a listing; empty when it is a link, protected, gone or the host's own.
  UniqueFd enter(int folder, const char* name) const;

  /// True for names that are refused anywhere.
  bool denied(std::string_view name) const { return protected_.match(name) != nullptr; }
  /// The roots with their links resolved.
  std::vector<std::string> names() const;

 private:
  struct Root {
    std::string path;                // resolved
    std::vector<std::string> real;   // its names
    std::vector<std::string> given;  // as the operator wrote it
    UniqueFd fd;                     // O_PATH
  };
  struct Place {
    const Root* root = nullptr;
    std::vector<std::string> names;  // beneath the root
  };

  explicit FileRoots(ProtectedNames names) : protected_(std::move(names)) {}
  Result<void> add_root(const std::string& root);
  Result<Place> locate(std::string_view path, DotGit dot_git = DotGit::refused) const;
  Result<UniqueFd> walk(const Place& place, std::size_t count, std::string_view path) const;
  bool is_state_dir(int folder) const;
  Error outside(std::string_view path) const;

  std::vector<Root> roots_;
  ProtectedNames protected_;
  std::string state_dir_;
  std::vector<std::string> state_names_;
  std::uint64_t file_bytes_max_ = 0;
  OpenMethod method_ = OpenMethod::kernel;
};

/// What is open to tools when the operator names nothing: the working directory, but neither / nor the home
/// folder nor a folder above it, since a host that was started there was not started for them.
std::vector<std::string> default_roots(const std::string& working_directory, const std::string& home);

}  // namespace toolpost
