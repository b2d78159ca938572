#include "cli/config_reading.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "config/config_paths.hpp"

extern char** environ;

namespace toolpost {
namespace {

// One byte more than the parser takes, so that it is the parser that says what is too much.
constexpr std::size_t kFileBytesMax = (1 << 20) + 1;

std::string why(int code) {
  return std::generic_category().message(code);
}

/// Nothing when the file is not there.
std::optional<Result<std::string>> read_file(const std::string& path) {
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

}  // namespace

EnvironmentList environment_list() {
  EnvironmentList list;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) list.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return list;
}

ConfigReading read_configuration(const std::optional<std::string>& given) {
  const EnvironmentList list = environment_list();
  ConfigReading reading;
  std::vector<ConfigSource> sources;
  std::vector<ConfigProblem> unreadable;
  for (const ConfigFile& file : config_files({list.begin(), list.end()}, given)) {
    auto text = read_file(file.path);
    if (!text) {
      if (file.presence == ConfigFile::Presence::required)
        unreadable.push_back({file.path, 0, 0, "the configuration file is not there; --config names it"});
    } else if (!*text) {
      unreadable.push_back({file.path, 0, 0, text->error().message});
    } else {
      reading.files.push_back(file.path);
      sources.push_back({file.path, std::move(**text)});
    }
  }
  reading.outcome = load_settings(sources, list);
  if (unreadable.empty()) return reading;
  reading.outcome.loaded.reset();
  reading.outcome.problems.insert(reading.outcome.problems.begin(), unreadable.begin(), unreadable.end());
  return reading;
}

}  // namespace toolpost
