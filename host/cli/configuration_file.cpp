#include "cli/configuration_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/unique_fd.hpp"

namespace toolpost {
namespace {

constexpr std::size_t kFileBytesMax = kConfigurationBytesMax + 1;

std::string why(int code) {
  return std::generic_category().message(code);
}

}  // namespace

std::optional<Result<std::string>> read_configuration_file(const std::string& path) {
  // O_NONBLOCK so that a FIFO in its place cannot stall the start.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  const auto failed = [](const std::string& what) {
    return Result<std::string>(Error{Errc::invalid_config, "the configuration file " + what});
  };
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  if (!file) return failed("cannot be opened: " + why(errno));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return failed("is not a regular file");
  std::string text(kFileBytesMax, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("cannot be read: " + why(errno));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return Result<std::string>(std::move(text));
}

}  // namespace toolpost
