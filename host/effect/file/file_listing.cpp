#include "effect/file/file_listing.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "effect/file/file_path_text.hpp"

namespace toolpost {
namespace {

constexpr std::size_t kNamesSeenMax = 50'000;  // bounds the time in a huge tree of which little is shown

struct CloseDir {
  void operator()(DIR* folder) const { closedir(folder); }
};

class Walk {
 public:
  Walk(const FileRoots& roots, const ListingOptions& options) : roots_(roots), options_(options) {}

  /// False when a bound was hit. Descends at most `options.depth` levels.
  bool visit(UniqueFd fd, const std::string& prefix, std::uint32_t depth) {
    const std::unique_ptr<DIR, CloseDir> folder(fdopendir(fd.get()));
    if (!folder) return true;
    [[maybe_unused]] const int owned_by_folder = fd.release();
    std::vector<std::string> names;
    bool whole = true;
    while (const dirent* entry = readdir(folder.get())) {
      if (++seen_ > kNamesSeenMax) {
        whole = false;
        break;
      }
      if (is_plain_file_name(entry->d_name) && !roots_.denied(entry->d_name))
        names.emplace_back(entry->d_name);
    }
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      if (!show(dirfd(folder.get()), name, prefix + name, depth)) return false;
    }
    return whole;
  }

  std::vector<ListedEntry> entries;

 private:
  bool show(int folder, const std::string& name, const std::string& path, std::uint32_t depth) {
    struct stat status{};
    if (fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return true;  // gone meanwhile
    if (S_ISREG(status.st_mode))
      return !wanted(name) || add({path, ListedType::file, static_cast<std::uint64_t>(status.st_size)});
    if (!S_ISDIR(status.st_mode) || is_generated_folder(name)) return true;
    UniqueFd next = roots_.enter(folder, name.c_str());
    if (!next) return true;
    if (options_.suffixes.empty() && !add({path, ListedType::folder, 0})) return false;
    return depth >= options_.depth || visit(std::move(next), path + "/", depth + 1);
  }

  bool wanted(const std::string& name) const {
    return options_.suffixes.empty() ||
           std::any_of(options_.suffixes.begin(), options_.suffixes.end(),
                       [&](const std::string& suffix) { return name.ends_with(suffix); });
  }

  bool add(ListedEntry entry) {
    if (entries.size() >= options_.limit) return false;
    entries.push_back(std::move(entry));
    return true;
  }

  const FileRoots& roots_;
  const ListingOptions& options_;
  std::size_t seen_ = 0;
};

}  // namespace

Result<Listing> list_folder(const FileRoots& roots, std::string_view path, const ListingOptions& options) {
  auto folder = roots.open_directory(path);
  if (!folder) return folder.error();
  std::string prefix(path);
  if (prefix == "." || prefix == "./") prefix.clear();
  if (!prefix.empty() && prefix.back() != '/') prefix += '/';
  Walk walk(roots, options);
  Listing listing;
  listing.truncated = !walk.visit(std::move(*folder), prefix, 1);
  listing.entries = std::move(walk.entries);
  std::sort(listing.entries.begin(), listing.entries.end(),
            [](const ListedEntry& a, const ListedEntry& b) { return a.path < b.path; });
  return listing;
}

}  // namespace toolpost
