#include "effect/git/repository_search.hpp"

#include <dirent.h>

#include <algorithm>
#include <memory>

#include "effect/file/file_path_text.hpp"
#include "effect/git/git_places.hpp"

namespace toolpost {
namespace {

constexpr std::size_t kNamesSeenMax = 50'000;  // bounds the time in a huge tree of which little is found

struct CloseStream {
  void operator()(DIR* stream) const { closedir(stream); }
};

class Search {
 public:
  Search(const FileRoots& roots, std::uint32_t depth_max) : roots_(roots), depth_max_(depth_max) {}

  /// Looks at one folder and at those below; goes down at most `depth_max` levels. False at a bound.
  bool look(UniqueFd folder, const std::string& path, std::uint32_t depth) {
    const RepositorySign sign = repository_sign(folder.get());
    if (sign != RepositorySign::none) {
      if (found.size() == kRepositoriesMax) return false;
      found.push_back(path);
    }
    if (depth == depth_max_ || sign == RepositorySign::bare) return true;
    const std::unique_ptr<DIR, CloseStream> stream(fdopendir(folder.get()));
    if (!stream) return true;
    [[maybe_unused]] const int owned_by_stream = folder.release();
    bool whole = true;
    std::vector<std::string> names;
    for (const dirent* entry = readdir(stream.get()); entry != nullptr; entry = readdir(stream.get())) {
      whole = ++seen_ <= kNamesSeenMax;
      if (!whole) break;
      const bool may_be_folder = entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN;
      if (may_be_folder && is_plain_file_name(entry->d_name) && !is_generated_folder(entry->d_name))
        names.emplace_back(entry->d_name);
    }
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      UniqueFd next = roots_.enter(dirfd(stream.get()), name.c_str());
      if (next && !look(std::move(next), (path == "/" ? "" : path) + "/" + name, depth + 1)) return false;
    }
    return whole;
  }

  std::vector<std::string> found;

 private:
  const FileRoots& roots_;
  const std::uint32_t depth_max_;
  std::size_t seen_ = 0;
};

}  // namespace

Result<FoundRepositories> find_repositories(const FileRoots& roots, std::string_view path,
                                            std::uint32_t depth_max) {
  auto folder = roots.open_folder(path, DotGit::refused);
  if (!folder) return folder.error();
  Search search(roots, depth_max);
  FoundRepositories found;
  found.truncated = !search.look(std::move(folder->fd), folder->path, 0);
  found.paths = std::move(search.found);
  return found;
}

}  // namespace toolpost
