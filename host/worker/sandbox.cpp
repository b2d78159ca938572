#include "worker/sandbox.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "worker/sandbox_steps.hpp"

namespace toolpost {
namespace {

Result<void> lower_limits(const SandboxLimits& limits) {
  const auto set = [](__rlimit_resource which, std::uint64_t value) {
    const rlimit limit{value, value};
    return setrlimit(which, &limit) == 0;
  };
#ifndef TOOLPOST_SANITIZED
  if (!set(RLIMIT_AS, limits.memory_bytes_max)) return sandbox_error("RLIMIT_AS");
#endif
  if (!set(RLIMIT_NOFILE, limits.files_max)) return sandbox_error("RLIMIT_NOFILE");
  if (!set(RLIMIT_FSIZE, limits.file_bytes_max)) return sandbox_error("RLIMIT_FSIZE");
  if (!set(RLIMIT_CORE, 0)) return sandbox_error("RLIMIT_CORE");
  if (!set(RLIMIT_STACK, 8 << 20)) return sandbox_error("RLIMIT_STACK");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return sandbox_error("no_new_privs");
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[2] = {};
  if (syscall(SYS_capset, &header, none) != 0) return sandbox_error("dropping capabilities");
  return {};
}

}  // namespace

Result<int> enter_sandbox(int level_max, const SandboxLimits& limits,
                          const std::vector<std::string>& readable,
                          const std::vector<sock_filter>& seccomp_program) {
  if (level_max < 1) return 0;
  std::vector<std::string> paths = {"/lib",       "/lib64",           "/usr/lib",
                                    "/usr/lib64", "/etc/ld.so.cache", "/dev/null"};
  paths.insert(paths.end(), readable.begin(), readable.end());
  bool namespaced = false;
  if (level_max >= 4) {
    auto entered = enter_namespaces(paths);
    if (!entered) return entered.error();
    namespaced = *entered;
  }
  if (auto lowered = lower_limits(limits); !lowered) return lowered.error();
  bool landlocked = false;
  if (level_max >= 3) {
    auto entered = enter_landlock(paths);
    if (!entered) return entered.error();
    landlocked = *entered;
  }
  // A level holds only with all those below it.
  if (level_max < 2 || seccomp_program.empty()) return 1;
  if (auto entered = enter_seccomp(seccomp_program); !entered) return entered.error();
  return !landlocked ? 2 : !namespaced ? 3 : 4;
}

}  // namespace toolpost
