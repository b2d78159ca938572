#pragma once
// Finds repositories beneath a folder by the names in it; nothing of git's is opened or parsed.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "effect/file/file_roots.hpp"

namespace toolpost {

constexpr std::size_t kRepositoriesMax = 200;

struct FoundRepositories {
  std::vector<std::string> paths;  // absolute, in order
  bool truncated = false;          // by 200 repositories, or by 50,000 names looked at
};

/// `depth_max` 0 looks at `path` alone. Not entered: links, protected names, and folders of builds, caches
/// and version control. Errors: those of FileRoots::open_folder. Threads: any; blocks on the disk.
Result<FoundRepositories> find_repositories(const FileRoots& roots, std::string_view path,
                                            std::uint32_t depth_max);

}  // namespace toolpost
