#include "base/private_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace toolpost {
namespace {

namespace fs = std::filesystem;

/// Missing parents (~/.local/state) get the usual mode; only the last folder is ours alone.
bool make_parents(const fs::path& folder) {
  std::error_code error;
  if (folder.has_parent_path()) fs::create_directories(folder.parent_path(), error);
  if (error) errno = error.value();
  return !error;
}

/// A disk of its own has its lost+found.
bool is_empty(const std::string& folder) {
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error))
    if (entry->path().filename() != "lost+found") return false;
  return !error;
}

}  // namespace

Error state_failure(const std::string& what, const std::string& doing) {
  const int code = errno;
  const char* advice =
      code == ENOSPC || code == EDQUOT ? "free space on the disk"
      : code == EROFS ? "put the state folder (--state-dir, store.state_dir) on a disk that can be written"
                      : "let the host's user write there, or name another folder with --state-dir or "
                        "store.state_dir";
  return {code == ENOSPC || code == EDQUOT ? Errc::exhausted : Errc::unavailable,
          what + " cannot be " + doing + ": " + std::strerror(code) + "; " + advice};
}

Result<void> make_private_folder(const std::string& folder) {
  const std::string what = "the state folder " + folder;
  const auto refused = [&what](const std::string& why) { return Error{Errc::unavailable, what + " " + why}; };
  struct stat status{};
  if (::stat(folder.c_str(), &status) != 0) {
    if (errno != ENOENT) return state_failure(what, "used");
    if (!make_parents(folder) || (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST))
      return state_failure(what, "made");
    if (::stat(folder.c_str(), &status) != 0) return state_failure(what, "examined");
  }
  if (!S_ISDIR(status.st_mode))
    return refused("is no folder; move what is there, or name another with --state-dir or store.state_dir");
  if (status.st_uid != ::geteuid())
    return refused("belongs to another user; name another with --state-dir or store.state_dir");
  if ((status.st_mode & 0077) == 0) return {};
  if (!is_empty(folder))
    return refused(
        "is open to other users, and not empty; name another with --state-dir or store.state_dir, "
        "or, if all in it is Toolpost's, run: chmod 700 " +
        folder);
  return ::chmod(folder.c_str(), 0700) == 0 ? Result<void>{} : state_failure(what, "closed to other users");
}

}  // namespace toolpost
