#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/unique_fd.hpp"
#include "worker/sandbox_steps.hpp"

namespace toolpost {

Result<bool> enter_landlock(const std::vector<std::string>& paths) {
  const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return false;
  landlock_ruleset_attr ruleset{};
  ruleset.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;  // everything of ABI 1
  constexpr std::uint64_t kRefer = 1ULL << 13;                         // ABI 2
  constexpr std::uint64_t kTruncate = 1ULL << 14;                      // ABI 3
  if (abi >= 2) ruleset.handled_access_fs |= kRefer;
  if (abi >= 3) ruleset.handled_access_fs |= kTruncate;
  const UniqueFd fd(static_cast<int>(syscall(SYS_landlock_create_ruleset, &ruleset, sizeof ruleset, 0)));
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
