#include "cli/new_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/unique_fd.hpp"

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
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = ::write(file.get(), text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int code = errno;
      ::unlink(path.c_str());  // half of it would look like all of it
      return failed(path, code);
    }
    written += static_cast<std::size_t>(count);
  }
  return {};
}

}  // namespace toolpost
