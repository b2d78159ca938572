#include "cli/new_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/unique_fd.hpp"
#include "base/write_all.hpp"

namespace toolpost {
namespace {

Error failed(const std::string& path, int code) {
  return {Errc::unavailable, path + " cannot be written: " + std::generic_category().message(code) +
                                 "; name a file in a folder that you may write"};
}

}  // namespace

Result<void> write_new_file(const std::string& path, const std::string& text) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file && errno == EEXIST)
    return Error{Errc::conflict,
                 path + " is there already and is not overwritten; remove it, or name another file"};
  if (!file) return failed(path, errno);
  if (!write_all(file.get(), text)) {
    const int code = errno;
    ::unlink(path.c_str());  // half of it would look like all of it
    return failed(path, code);
  }
  return {};
}

}  // namespace toolpost
