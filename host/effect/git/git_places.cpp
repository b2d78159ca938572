#include "effect/git/git_places.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "effect/file/file_path_text.hpp"

namespace toolpost {
namespace {

constexpr std::size_t kPointerBytesMax = kFilePathBytesMax + 16;  // of a file that names a folder

Error refused(Errc code, std::string_view path, const std::string& why) {
  return {code, "repository " + shown_file_path(path) + " " + why};
}

std::optional<mode_t> mode_of(int folder, const char* name) {
  struct stat status{};
  if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  return status.st_mode;
}

/// The first line's worth of a small regular file, without its end; empty when there is none such.
std::optional<std::string> read_pointer(int folder, const char* name) {
  const UniqueFd file(openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status{};
  if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  std::string text(kPointerBytesMax, '\0');
  ssize_t got;
  do {
    got = read(file.get(), text.data(), text.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) return std::nullopt;
  text.resize(static_cast<std::size_t>(got));
  text.resize(text.find_last_not_of("\r\n") + 1);
  return text;
}

/// `target` as seen from `base`, without "." and "..". Exact, since no link is followed on the way.
std::string resolved(const std::string& base, const std::string& target) {
  const std::filesystem::path whole = std::filesystem::path(base) / target;
  return whole.lexically_normal().string();
}

/// Follows what a ".git" file says.
Result<OpenedFolder> follow_dot_git(const FileRoots& roots, const OpenedFolder& folder,
                                    std::string_view path) {
  constexpr std::string_view kStart = "gitdir: ";
  const auto text = read_pointer(folder.fd.get(), ".git");
  if (!text || !text->starts_with(kStart))
    return refused(Errc::not_found, path, "has a \".git\" that is neither a folder nor says where one is");
  auto found = roots.open_folder(resolved(folder.path, text->substr(kStart.size())), DotGit::permitted);
  if (!found) return found.error().with("the \".git\" file of repository " + shown_file_path(path));
  return found;
}

Result<OpenedFolder> open_git_folder(const FileRoots& roots, const OpenedFolder& folder,
                                     std::string_view path) {
  const auto mode = mode_of(folder.fd.get(), ".git");
  if (mode && S_ISLNK(*mode)) {
    return refused(
        Errc::permission, path,
        "has a symbolic link as \".git\", and links are not followed; give the path of what it points to");
  }
  if (mode && !S_ISDIR(*mode)) return follow_dot_git(roots, folder, path);
  return roots.open_folder(folder.path + "/.git", DotGit::permitted);
}

/// What libgit2 reads as folders must be folders: a link would lead it elsewhere.
Result<void> check_parts(const OpenedFolder& common, std::string_view path) {
  for (const char* part : {"objects", "refs"}) {
    const auto mode = mode_of(common.fd.get(), part);
    if (mode && S_ISDIR(*mode)) continue;
    if (mode && S_ISLNK(*mode)) {
      return refused(Errc::permission, path,
                     "has a symbolic link as \"" + std::string(part) + "\", and links are not followed");
    }
    return refused(Errc::not_found, path, "is none: \"" + std::string(part) + "\" is missing");
  }
  struct stat status{};
  if (fstatat(common.fd.get(), "objects/info/alternates", &status, AT_SYMLINK_NOFOLLOW) == 0 &&
      (status.st_size != 0 || !S_ISREG(status.st_mode))) {
    return refused(
        Errc::permission, path,
        "borrows objects from another one (objects/info/alternates), which is not followed; its owner can "
        "run \"git repack -a -d\" and remove that file");
  }
  return {};
}

}  // namespace

RepositorySign repository_sign(int folder) {
  const auto dot_git = mode_of(folder, ".git");
  if (dot_git && (S_ISDIR(*dot_git) || S_ISREG(*dot_git))) return RepositorySign::dot_git;
  const auto head = mode_of(folder, "HEAD");
  const auto objects = mode_of(folder, "objects");
  const auto refs = mode_of(folder, "refs");
  const bool bare = head && S_ISREG(*head) && objects && S_ISDIR(*objects) && refs && S_ISDIR(*refs);
  return bare ? RepositorySign::bare : RepositorySign::none;
}

Result<GitPlaces> find_git_places(const FileRoots& roots, std::string_view path) {
  auto folder = roots.open_folder(path, DotGit::refused);
  if (!folder) return folder.error();
  GitPlaces places;
  OpenedFolder git;
  if (mode_of(folder->fd.get(), ".git")) {
    auto opened = open_git_folder(roots, *folder, path);
    if (!opened) return opened.error();
    git = std::move(*opened);
    places.folder = folder->path;
  } else if (repository_sign(folder->fd.get()) == RepositorySign::bare) {
    git = std::move(*folder);
  } else {
    return refused(Errc::not_found, path,
                   "is none: it holds no \".git\"; give the folder that does, which git.repositories finds");
  }
  places.git_folder = git.path;
  places.common_folder = git.path;
  if (mode_of(git.fd.get(), "commondir")) {
    const auto text = read_pointer(git.fd.get(), "commondir");
    if (!text || text->empty())
      return refused(Errc::not_found, path, "has a \"commondir\" that cannot be read");
    auto common = roots.open_folder(resolved(git.path, *text), DotGit::permitted);
    if (!common)
      return common.error().with("the worktree " + shown_file_path(path) + " belongs to another repository");
    places.common_folder = common->path;
    if (auto whole = check_parts(*common, path); !whole) return whole.error();
    return places;
  }
  if (auto whole = check_parts(git, path); !whole) return whole.error();
  return places;
}

}  // namespace toolpost
