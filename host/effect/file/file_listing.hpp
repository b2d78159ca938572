#pragma once
// The files and folders beneath one folder, to a depth and a number. Shows what could be read and nothing
// else.

#include <string>
#include <string_view>
#include <vector>

#include "effect/file/file_roots.hpp"

namespace toolpost {

struct ListingOptions {
  std::uint32_t depth = 1;            // 1: only what stands in the folder itself; 1..8
  std::size_t limit = 2000;           // entries; 1..2000
  std::vector<std::string> suffixes;  // only files that end so, without folders; empty: everything
};

enum class ListedType { file, folder };

struct ListedEntry {
  std::string path;  // begins as the caller's path does, so it can be asked for as it stands
  ListedType type = ListedType::file;
  std::uint64_t bytes = 0;  // 0 for folders
};

struct Listing {
  std::vector<ListedEntry> entries;  // by path, bytewise
  bool truncated = false;            // by the limit, or by 50,000 names looked at
};

/// Left out: protected and unprintable names, links, special files, and folders of builds, caches and version
/// control. Errors:  those of FileRoots::open_directory. Threads: any; blocks on the disk.
Result<Listing> list_folder(const FileRoots& roots, std::string_view path, const ListingOptions& options);

}  // namespace toolpost
