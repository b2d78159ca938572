#include "store/store_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/private_folder.hpp"

namespace toolpost {
namespace {

namespace fs = std::filesystem;

Error refused(const std::string& what, const std::string& why) {
  return {Errc::unavailable, "the store's " + what + " " + why};
}

Error failed(const std::string& what, const std::string& doing) {
  return state_failure("the store's " + what, doing);
}

/// Writes an empty file under another name and links it into place, so that it never exists with a wider
/// mode, and a file that another host makes at the same moment stays.
Result<void> make_file(const std::string& file) {
  std::string fresh = file + ".XXXXXX";
  const int fd = mkstemp(fresh.data());  // mode 0600
  if (fd < 0) return failed("file " + file, "made");
  close(fd);
  const bool linked = link(fresh.c_str(), file.c_str()) == 0 || errno == EEXIST;
  const int code = errno;
  unlink(fresh.c_str());
  errno = code;
  return linked ? Result<void>{} : failed("file " + file, "made");
}

}  // namespace

Result<void> prepare_store_file(const std::string& file) {
  const std::string folder = fs::path(file).parent_path().string();
  if (auto made = make_private_folder(folder.empty() ? "." : folder); !made) return made;
  struct stat status{};
  if (lstat(file.c_str(), &status) != 0) {
    if (errno != ENOENT) return failed("file " + file, "examined");
    if (auto made = make_file(file); !made) return made;
    if (lstat(file.c_str(), &status) != 0) return failed("file " + file, "examined");
  }
  if (!S_ISREG(status.st_mode))
    return refused(
        "file " + file,
        "is a link or no file; move it away, or name another folder with --state-dir or store.state_dir");
  if (status.st_uid != geteuid())
    return refused("file " + file,
                   "belongs to another user; name another folder with --state-dir or store.state_dir");
  if ((status.st_mode & 0077) != 0 && chmod(file.c_str(), status.st_mode & 0700) != 0) {
    return failed("file " + file, "closed to other users");
  }
  return {};
}

}  // namespace toolpost
