#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "base/unique_fd.hpp"
#include "worker/sandbox_steps.hpp"

namespace toolpost {

namespace {

// The record and the flags of newer kernels than the headers of Debian 12; an older kernel is told a shorter
// record.
struct Ruleset {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;
  std::uint64_t scoped;
};
constexpr std::uint64_t kRefer = 1ULL << 13;           // ABI 2
constexpr std::uint64_t kTruncate = 1ULL << 14;        // ABI 3
constexpr std::uint64_t kTcp = 3;                      // ABI 4: bind and connect
constexpr std::uint64_t kIoctlOfDevices = 1ULL << 15;  // ABI 5
constexpr std::uint64_t kSignalsAndSockets = 3;        // ABI 6: signals to others, abstract unix sockets

/// Everything that this kernel can refuse; what seccomp refuses too is refused twice.
Ruleset everything(long abi, std::size_t& size) {
  Ruleset ruleset{};
  ruleset.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;  // all of ABI 1
  if (abi >= 2) ruleset.handled_access_fs |= kRefer;
  if (abi >= 3) ruleset.handled_access_fs |= kTruncate;
  if (abi >= 4) ruleset.handled_access_net = kTcp;
  if (abi >= 5) ruleset.handled_access_fs |= kIoctlOfDevices;
  if (abi >= 6) ruleset.scoped = kSignalsAndSockets;
  size = abi >= 6   ? sizeof ruleset
         : abi >= 4 ? offsetof(Ruleset, scoped)
                    : offsetof(Ruleset, handled_access_net);
  return ruleset;
}

}  // namespace

Result<bool> enter_landlock(const std::vector<std::string>& paths) {
  const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return false;
  std::size_t size = 0;
  const Ruleset ruleset = everything(abi, size);
  const UniqueFd fd(static_cast<int>(syscall(SYS_landlock_create_ruleset, &ruleset, size, 0)));
  if (!fd) return sandbox_error("landlock_create_ruleset");
  for (const std::string& path : paths) {
    const UniqueFd target(open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!target) continue;  // a library folder that this system does not have
    struct stat status{};
    if (fstat(target.get(), &status) != 0) return sandbox_error("fstat");
    landlock_path_beneath_attr rule{};
    rule.parent_fd = target.get();
    rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE;
    if (S_ISDIR(status.st_mode)) rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
    if (syscall(SYS_landlock_add_rule, fd.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
      return sandbox_error("landlock_add_rule");
    }
  }
  if (syscall(SYS_landlock_restrict_self, fd.get(), 0) != 0) return sandbox_error("landlock_restrict_self");
  return true;
}

}  // namespace toolpost
