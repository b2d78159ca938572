#include "telemetry/secret.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/unique_fd.hpp"
#include "telemetry/secret_command.hpp"

namespace toolpost {
namespace {

constexpr std::size_t kSecretBytesMax = 16ull * 1024;

Error invalid(const std::string& what) {
  return {Errc::invalid_config, what};
}

std::string_view without_line_end(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

Result<Secret> checked(const std::string& where, std::string name, std::string_view value) {
  if (value.empty()) return invalid(where + " is empty; put the key into it");
  if (value.size() > kSecretBytesMax) return invalid(where + " is larger than 16 KiB; no key is");
  const auto odd = [](char c) {
    return c < 0x20 || c > 0x7E;
  };  // plain char: bytes over 0x7F are odd either way
  if (std::any_of(value.begin(), value.end(), odd))
    return invalid(where + " holds more than one line, or characters that no key has");
  if (value.front() == ' ' || value.back() == ' ')
    return invalid(where + " begins or ends with a space; remove it");
  return Secret(std::move(name), value);
}

Result<Secret> load_file(const std::string& path) {
  const std::string where = "the key file " + path;
  // O_NONBLOCK so that a FIFO put in its place cannot stall the start.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return invalid(where + " cannot be opened: " + std::generic_category().message(errno));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0)
    return invalid(where + " cannot be examined: " + std::generic_category().message(errno));
  if (!S_ISREG(status.st_mode)) return invalid(where + " is not a regular file");
  if (status.st_uid != ::geteuid())
    return invalid(where + " belongs to another user (uid " + std::to_string(status.st_uid) +
                   "); it must belong to the one that runs toolpost");
  if ((status.st_mode & 0177) != 0)
    return invalid(where + " may be used by others than its owner; run chmod 600 on it");
  const auto buffer = std::make_unique<char[]>(kSecretBytesMax + 3);  // room to notice one byte too many
  std::size_t size = 0;
  int failure = 0;
  while (size < kSecretBytesMax + 3) {
    const ssize_t got = ::read(file.get(), buffer.get() + size, kSecretBytesMax + 3 - size);
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      failure = errno;
      break;
    }
    size += static_cast<std::size_t>(got);
  }
  const std::string name = path.substr(path.rfind('/') + 1);
  Result<Secret> secret =
      failure != 0 ? invalid(where + " cannot be read: " + std::generic_category().message(failure))
                   : checked(where, name, without_line_end({buffer.get(), size}));
  ::explicit_bzero(buffer.get(), kSecretBytesMax + 3);
  return secret;
}

Result<Secret> load_from_command(const std::vector<std::string>& command,
                                 const EnvironmentGetter& environment) {
  auto output = run_secret_command(command, environment);
  if (!output) return output.error();
  const std::string& program = command.front();
  Result<Secret> secret = checked("the output of the key command " + program,
                                  program.substr(program.rfind('/') + 1), without_line_end(*output));
  ::explicit_bzero(output->data(), output->size());
  return secret;
}

}  // namespace

Secret::Secret(std::string name, std::string_view value)
    : name_(std::move(name)), bytes_(std::make_unique<char[]>(value.size())), size_(value.size()) {
  std::copy(value.begin(), value.end(), bytes_.get());
}

Secret::Secret(Secret&& other) noexcept
    : name_(std::move(other.name_)), bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    name_ = std::move(other.name_);
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

void Secret::wipe() {
  if (bytes_) ::explicit_bzero(bytes_.get(), size_);
}

Result<Secret> load_secret(const SecretSource& source, const EnvironmentGetter& environment) {
  const int sources =
      (source.env.empty() ? 0 : 1) + (source.file.empty() ? 0 : 1) + (source.command.empty() ? 0 : 1);
  if (sources != 1) return invalid("a key must have exactly one of env, file and command");
  if (!source.file.empty()) return load_file(source.file);
  if (!source.command.empty()) return load_from_command(source.command, environment);
  const std::string where = "the environment variable " + source.env;
  const char* value = environment(source.env.c_str());
  if (value == nullptr) return invalid(where + " is not set; set it to the key, or use key = { file = ... }");
  return checked(where, source.env, without_line_end(value));
}

}  // namespace toolpost
