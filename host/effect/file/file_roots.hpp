#pragma once
// The only door to files: paths are opened beneath granted roots, without links, and only what is safe to read.
// Never builds a path by joining strings: the kernel resolves it beneath a directory descriptor.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "config/settings.hpp"

namespace toolpost {

struct OpenedFile {
  UniqueFd fd;
  std::uint64_t bytes = 0;
  std::int64_t changed_ms = 0;
};

class FileRoots {
 public:
  /// `state_dir` is refused even inside a root. Error: invalid_config naming the root that cannot be opened.
  static Result<FileRoots> open(const std::vector<std::string>& roots, const FileSettings& settings,
                                const std::string& state_dir);

  /// Absolute beneath a root, or relative to the first. Errors: permission, not_found, invalid_input, exhausted.
  Result<OpenedFile> open_file(std::string_view path) const;
  /// A directory beneath a root, for listing.
  Result<UniqueFd> open_directory(std::string_view path) const;
  /// True for names that are refused anywhere: keys, credentials, version control internals.
  bool denied(std::string_view name) const;
  std::vector<std::string> names() const;

 private:
  struct Root {
    std::string path;
    UniqueFd fd;
  };
  Result<UniqueFd> open_beneath(std::string_view path, int flags) const;
  Result<void> check_name(std::string_view path) const;

  std::vector<Root> roots_;
  std::vector<std::string> deny_;
  std::string state_dir_;
  std::uint64_t file_bytes_max_ = 0;
};

/// The working directory, unless that is / or the home folder (or above it): then nothing.
std::vector<std::string> default_roots(const std::string& working_directory, const std::string& home);

}  // namespace toolpost
