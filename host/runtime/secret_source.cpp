#include "runtime/secret_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/unique_fd.hpp"

namespace toolpost {
namespace {

constexpr std::size_t kSecretBytesMax = 16 << 10;

Error missing(std::string why) { return {Errc::unauthenticated, std::move(why)}; }

}  // namespace

Result<std::string> read_secret(const SecretSource& source, const std::function<std::string(const std::string&)>& environment) {
  if (!source.env.empty()) {
    std::string value = environment ? environment(source.env) : "";
    if (value.empty()) return missing("the environment variable " + source.env + ", which holds its key, is not set");
    return value;
  }
  if (source.file.empty()) return std::string();
  const UniqueFd fd(open(source.file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status {};
  if (!fd || fstat(fd.get(), &status) != 0) return missing("the key file " + source.file + " cannot be read: " + std::strerror(errno));
  if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 077) != 0) {
    return missing("the key file " + source.file + " must be a regular file of your own with mode 0600");
  }
  std::string text(kSecretBytesMax, '\0');
  const ssize_t got = read(fd.get(), text.data(), text.size());
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  text.resize(std::min(text.size(), text.find_first_of("\r\n")));
  if (text.empty()) return missing("the key file " + source.file + " is empty");
  return text;
}

}  // namespace toolpost
