#include "effect/file/file_roots.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "effect/file/file_path_text.hpp"

namespace toolpost {
namespace {

using Names = std::vector<std::string>;
constexpr std::size_t kRootsShownMax = 4;

Error refused(Errc code, std::string_view path, const std::string& why) {
  return {code, "path " + shown_file_path(path) + " " + why};
}

bool begins_with(const Names& names, const Names& start) {
  return names.size() >= start.size() && std::equal(start.begin(), start.end(), names.begin());
}

/// Splits without judging: for folders that the operator or the kernel named.
Names names_of(const std::string& path) {
  Names names;
  for (const auto& part : std::filesystem::path(path)) {
    if (part != "/" && part != "." && !part.empty()) names.push_back(part.string());
  }
  return names;
}

/// Why `name` in `folder` could not be opened, `code` being errno. It looks again, so under a race only the
/// words differ.
Error open_error(int folder, const char* name, int code, std::string_view path) {
  struct stat status{};
  const bool seen = fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (code == ELOOP || code == EXDEV || (seen && S_ISLNK(status.st_mode))) {
    return refused(Errc::permission, path,
                   "leads through the symbolic link \"" + std::string(name) +
                       "\", and links are not followed; give the path of what it points to");
  }
  if (code == ENOENT)
    return refused(Errc::not_found, path, "does not exist; check its spelling or list the folder");
  if (code == ENOTDIR) {
    return refused(Errc::invalid_input, path,
                   "uses \"" + std::string(name) + "\" as a folder, but it is none");
  }
  const std::string why = "cannot be opened: " + std::string(std::strerror(code));
  if (code == EACCES || code == EPERM) {
    return refused(Errc::permission, path, why + "; the operator can let the host's user read it");
  }
  return refused(Errc::unavailable, path, why);
}

/// Refuses all but regular files. A FIFO would wait for a writer, a device may never end or act when it is
/// opened.
Result<void> check_kind(const struct stat& status, std::string_view path) {
  if (S_ISREG(status.st_mode)) return {};
  if (S_ISDIR(status.st_mode)) return refused(Errc::invalid_input, path, "is a folder; use file.list for it");
  if (S_ISLNK(status.st_mode)) {
    return refused(Errc::permission, path,
                   "is a symbolic link, and links are not followed; give the path of what it points to");
  }
  return refused(Errc::permission, path, "is a device, FIFO or socket; only regular files are read");
}

/// Files of procfs and sysfs are windows into processes (environments, memory), not documents.
bool is_kernel_window(int fd) {
  struct statfs system{};
  return fstatfs(fd, &system) == 0 && (system.f_type == PROC_SUPER_MAGIC || system.f_type == SYSFS_MAGIC);
}

}  // namespace

std::vector<std::string> default_roots(const std::string& working_directory, const std::string& home) {
  std::error_code error;
  const auto resolved = [&](const std::string& path) {
    return names_of(std::filesystem::weakly_canonical(path, error).string());
  };
  const Names here = resolved(working_directory);
  if (!working_directory.starts_with('/') || here.empty()) return {};
  if (home.starts_with('/') && begins_with(resolved(home), here)) return {};
  return {working_directory};
}

Result<FileRoots> FileRoots::open(const std::vector<std::string>& roots, const FileSettings& settings,
                                  const std::string& state_dir, OpenMethod method) {
  auto names = ProtectedNames::make(settings.deny);
  if (!names) return names.error();
  FileRoots opened(std::move(*names));
  opened.file_bytes_max_ = settings.file_bytes_max;
  opened.method_ = method;
  if (!state_dir.empty()) {
    std::error_code error;
    opened.state_dir_ = std::filesystem::weakly_canonical(state_dir, error).string();
    if (error) opened.state_dir_ = state_dir;
    opened.state_names_ = names_of(opened.state_dir_);
  }
  for (const std::string& root : roots) {
    if (auto added = opened.add_root(root); !added) return added.error();
  }
  return opened;
}

Result<void> FileRoots::add_root(const std::string& root) {
  const auto bad = [&](const std::string& why) {
    return Error{Errc::invalid_config, "files.roots: " + shown_file_path(root) + " " + why};
  };
  if (!root.starts_with('/')) return bad("is not absolute; write the whole path, beginning with \"/\"");
  std::error_code error;
  const std::string real = std::filesystem::canonical(root, error).string();
  if (error) return bad("cannot be found: " + error.message() + "; create the folder or remove the entry");
  UniqueFd fd(::open(real.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return bad("cannot be opened as a folder: " + std::string(std::strerror(errno)));
  Names names = names_of(real);
  if (!state_names_.empty() && (begins_with(names, state_names_) || is_state_dir(fd.get()))) {
    return bad("lies in the host's own state folder " + state_dir_ +
               ", which tools never read; remove the entry");
  }
  roots_.push_back({real, std::move(names), names_of(root), std::move(fd)});
  return {};
}

std::vector<std::string> FileRoots::names() const {
  std::vector<std::string> names;
  names.reserve(roots_.size());
  for (const Root& root : roots_) names.push_back(root.path);
  return names;
}

bool FileRoots::is_state_dir(int folder) const {
  // Looked up each time: the folder may be made, or made again, after the roots were opened.
  struct stat own{}, status{};
  return !state_dir_.empty() && stat(state_dir_.c_str(), &own) == 0 && fstat(folder, &status) == 0 &&
         own.st_dev == status.st_dev && own.st_ino == status.st_ino;
}

Error FileRoots::outside(std::string_view path) const {
  std::string list;
  for (std::size_t i = 0; i < roots_.size() && i < kRootsShownMax; ++i)
    list += (i == 0 ? "" : ", ") + roots_[i].path;
  if (roots_.size() > kRootsShownMax) list += ", ...";
  return refused(Errc::permission, path,
                 "is outside the folders that tools may read (" + list +
                     "); use a path beneath one of them, or let the operator add its folder to files.roots");
}

Result<FileRoots::Place> FileRoots::locate(std::string_view path, DotGit dot_git) const {
  auto split = split_file_path(path);
  if (!split) return split.error();
  if (roots_.empty()) {
    return refused(Errc::permission, path,
                   "cannot be read: no folder is open to tools; start the host in a project, or let "
                   "the operator add the folder to files.roots");
  }
  Place place{&roots_.front(), std::move(*split)};
  if (path.front() == '/') {
    // Of nested roots the innermost, whichever way the operator's own path or the resolved one was meant.
    std::size_t longest = 0;
    const Root* found = nullptr;
    for (const Root& root : roots_) {
      for (const Names* start : {&root.real, &root.given}) {
        if (!begins_with(place.names, *start) || (found != nullptr && start->size() < longest)) continue;
        found = &root;
        longest = start->size();
      }
    }
    if (found == nullptr) return outside(path);
    place.root = found;
    place.names.erase(place.names.begin(), place.names.begin() + static_cast<std::ptrdiff_t>(longest));
  }
  for (const std::string& name : place.names) {
    if (dot_git == DotGit::permitted && name == ".git") continue;
    if (const std::string* pattern = protected_.match(name)) {
      return refused(Errc::permission, path,
                     "holds the protected name \"" + name + "\" (" + *pattern +
                         "), which is never read because it may hold secrets; do without it");
    }
  }
  Names whole = place.root->real;
  whole.insert(whole.end(), place.names.begin(), place.names.end());
  if (!state_names_.empty() && begins_with(whole, state_names_)) {
    return refused(Errc::permission, path,
                   "belongs to the host's own state, which tools never read; do without it");
  }
  return place;
}

/// Enters the first `count` names of `place`.
Result<UniqueFd> FileRoots::walk(const Place& place, std::size_t count, std::string_view path) const {
  UniqueFd folder = open_beneath(place.root->fd.get(), ".", O_PATH | O_DIRECTORY, method_);
  if (!folder) return open_error(place.root->fd.get(), ".", errno, path);
  for (std::size_t i = 0; i < count; ++i) {
    UniqueFd next = open_beneath(folder.get(), place.names[i].c_str(), O_PATH | O_DIRECTORY, method_);
    if (!next) return open_error(folder.get(), place.names[i].c_str(), errno, path);
    // By inode too: a bind mount shows the state under another path.
    if (is_state_dir(next.get())) {
      return refused(Errc::permission, path,
                     "belongs to the host's own state, which tools never read; do without it");
    }
    folder = std::move(next);
  }
  return folder;
}

Result<OpenedFile> FileRoots::open_file(std::string_view path) const {
  auto place = locate(path);
  if (!place) return place.error();
  if (place->names.empty() || path.ends_with('/'))
    return refused(Errc::invalid_input, path, "names a folder; use file.list for it");
  auto folder = walk(*place, place->names.size() - 1, path);
  if (!folder) return folder.error();
  const char* name = place->names.back().c_str();
  // Looked at first, so that devices and FIFOs are not even opened; the look at the open file is the one that
  // counts.
  struct stat status{};
  if (fstatat(folder->get(), name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
    if (auto kind = check_kind(status, path); !kind) return kind.error();
  }
  OpenedFile file;
  file.fd = open_beneath(folder->get(), name, O_RDONLY | O_NONBLOCK | O_NOCTTY, method_);
  if (!file.fd) return open_error(folder->get(), name, errno, path);
  if (fstat(file.fd.get(), &status) != 0) return open_error(folder->get(), name, errno, path);
  if (auto kind = check_kind(status, path); !kind) return kind.error();
  if (is_kernel_window(file.fd.get())) {
    return refused(Errc::permission, path,
                   "is a file of the kernel's (procfs or sysfs); only stored files are read");
  }
  file.bytes = static_cast<std::uint64_t>(status.st_size);
  file.mtime_ms = std::int64_t{status.st_mtim.tv_sec} * 1000 + status.st_mtim.tv_nsec / 1'000'000;
  if (file.bytes > file_bytes_max_) {
    return refused(Errc::exhausted, path,
                   "has " + std::to_string(file.bytes) +
                       " bytes, more than files.file_bytes_max = " + std::to_string(file_bytes_max_) +
                       "; use a smaller file, or let the operator raise it");
  }
  return file;
}

Result<UniqueFd> FileRoots::open_directory(std::string_view path) const {
  auto folder = open_folder(path, DotGit::refused);
  if (!folder) return folder.error();
  return std::move(folder->fd);
}

Result<OpenedFolder> FileRoots::open_folder(std::string_view path, DotGit dot_git) const {
  auto place = locate(path, dot_git);
  if (!place) return place.error();
  auto folder = walk(*place, place->names.size(), path);
  if (!folder) return folder.error();
  UniqueFd readable = open_beneath(folder->get(), ".", O_RDONLY | O_DIRECTORY, method_);
  if (!readable) return open_error(folder->get(), ".", errno, path);
  OpenedFolder opened{std::move(readable), place->root->path};
  for (const std::string& name : place->names) opened.path += (opened.path == "/" ? "" : "/") + name;
  return opened;
}

UniqueFd FileRoots::enter(int folder, const char* name) const {
  if (denied(name)) return {};
  UniqueFd next = open_beneath(folder, name, O_RDONLY | O_DIRECTORY, method_);
  if (next && is_state_dir(next.get())) return {};
  return next;
}

}  // namespace toolpost
