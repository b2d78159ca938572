#include "cli/host_log.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <system_error>
#include <vector>

namespace toolpost {

namespace fs = std::filesystem;

namespace {

/// Named by the process that writes it: "1234.jsonl", and "1234.1.jsonl" when it was rotated.
bool is_of_living(const fs::path& file) {
  const std::string name = file.filename().string();
  pid_t pid = 0;
  std::from_chars(name.data(), name.data() + name.size(), pid);
  return pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM);
}

}  // namespace

Result<std::string> host_log_file(const std::string& state_dir) {
  const std::string folder = state_dir + "/logs";
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return Error{Errc::unavailable, folder + ": " + std::generic_category().message(errno)};
  const std::string own = std::to_string(::getpid()) + ".";
  std::vector<std::pair<fs::file_time_type, fs::path>> others;
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    std::error_code no_time;
    const bool log = entry->path().extension() == ".jsonl";
    const bool ours = entry->path().filename().string().starts_with(own);
    if (log && !ours && !is_of_living(entry->path()))
      others.emplace_back(entry->last_write_time(no_time), entry->path());
  }
  std::sort(others.begin(), others.end());
  for (std::size_t i = 0; i + kHostLogsMax < others.size(); ++i) fs::remove(others[i].second, error);
  return folder + "/" + own + "jsonl";
}

}  // namespace toolpost
