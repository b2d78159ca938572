#include "store/host_lease.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>

namespace toolpost {
namespace {

constexpr std::size_t kNameMax = 64;
constexpr int kRemovedMax = 1000;  // per start; more go at the next one
constexpr const char* kDead = "dead.";
constexpr std::chrono::hours kDeadKept{1};

std::string folder_of(const std::string& state_dir) {
  return state_dir + "/leases";
}

bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= kNameMax && std::all_of(name.begin(), name.end(), [](char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
  });
}

/// Its name stays for kDeadKept from now on.
void keep_as_dead(const UniqueFd& lock, const std::string& folder, const std::string& name) {
  futimens(lock.get(), nullptr);
  rename((folder + "/" + name).c_str(), (folder + "/" + kDead + name).c_str());
}

/// True when nobody holds it. It is then a dead host's, and kept under another name.
bool lay_to_rest(const std::string& folder, const std::string& name) {
  const std::string file = folder + "/" + name;
  const UniqueFd lock(open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!lock) return errno == ENOENT;
  // Shared, so that two who look at the same time do not take each other for its host.
  if (flock(lock.get(), LOCK_SH | LOCK_NB) != 0) return false;
  keep_as_dead(lock, folder, name);
  return true;
}

void remove_old(const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  const auto oldest = fs::file_time_type::clock::now() - kDeadKept;
  int removed = 0;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (is_name(name)) lay_to_rest(folder, name);
    if (!name.starts_with(kDead) || entry.last_write_time(error) > oldest) continue;
    unlink(entry.path().c_str());
    if (++removed >= kRemovedMax) return;
  }
}

}  // namespace

Result<HostLease> HostLease::take(const std::string& state_dir, const std::string& name) {
  const std::string folder = folder_of(state_dir);
  const auto failed = [&](const char* doing) {
    const int code = errno;
    return Error{code == ENOSPC || code == EDQUOT ? Errc::exhausted : Errc::unavailable,
                 "the lock of this host in " + folder + " cannot be " + doing + ": " + std::strerror(code) +
                     "; free space or let the host's user write there, or name another folder with "
                     "--state-dir or store.state_dir"};
  };
  if (!is_name(name)) return Error{Errc::internal, "a host's name must be lower-case hex"};
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return failed("made");
  remove_old(folder);
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
  if (!lock_) return;
  if (leaves_calls_)
    keep_as_dead(lock_, folder_, name_);
  else
    unlink((folder_ + "/" + name_).c_str());
}

std::set<std::string> HostLease::dead() const {
  std::set<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kDead)) names.insert(name.substr(std::strlen(kDead)));
    if (is_name(name) && name != name_ && lay_to_rest(folder_, name)) names.insert(name);
  }
  return names;
}

bool HostLease::is_held(const std::string& state_dir, const std::string& name) {
  return is_name(name) && !lay_to_rest(folder_of(state_dir), name);
}

}  // namespace toolpost
