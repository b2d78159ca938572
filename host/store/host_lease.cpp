#include "store/host_lease.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace toolpost {
namespace {

constexpr std::size_t kNameMax = 64;
constexpr int kRemovedMax = 1000;  // per start; more go at the next one

std::string folder_of(const std::string& state_dir) {
  return state_dir + "/leases";
}

bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= kNameMax && std::all_of(name.begin(), name.end(), [](char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
  });
}

/// True when nobody had it; it is then removed, as its name is never used again.
bool remove_dead(const std::string& file) {
  const UniqueFd lock(open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!lock) return errno == ENOENT;
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return false;
  unlink(file.c_str());
  return true;
}

void remove_all_dead(const std::string& folder) {
  std::error_code error;
  int removed = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (is_name(entry.path().filename().string()) && remove_dead(entry.path().string()) &&
        ++removed >= kRemovedMax)
      return;
  }
}

}  // namespace

Result<HostLease> HostLease::take(const std::string& state_dir, const std::string& name) {
  const std::string folder = folder_of(state_dir);
  const auto failed = [&](const char* doing) {
    const int code = errno;
    return Error{code == ENOSPC || code == EDQUOT ? Errc::exhausted : Errc::unavailable,
                 "the lock of this host in " + folder + " cannot be " + doing + ": " + std::strerror(code) +
                     "; free space or let the host's user write there, or set another store.state_dir"};
  };
  if (!is_name(name)) return Error{Errc::internal, "a host's name must be lower-case hex"};
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return failed("made");
  remove_all_dead(folder);
  // Under another name first: a file that is there and not locked is a dead host's, and is removed.
  const std::string file = folder + "/" + name;
  const std::string fresh = folder + "/new." + name;
  UniqueFd lock(open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return failed("made");
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0 || rename(fresh.c_str(), file.c_str()) != 0) {
    const int code = errno;
    unlink(fresh.c_str());
    errno = code;
    return failed("taken");
  }
  return HostLease(folder, name, std::move(lock));
}

HostLease::~HostLease() {
  if (lock_) unlink((folder_ + "/" + name_).c_str());
}

bool HostLease::is_held(const std::string& state_dir, const std::string& name) {
  return is_name(name) && !remove_dead(folder_of(state_dir) + "/" + name);
}

}  // namespace toolpost
