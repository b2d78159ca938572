#pragma once
// Takes every power from the calling process that a plugin has not been granted. Called in a fresh worker
// before the plugin's file is opened; nothing here can be undone by the process afterwards. Levels: 0
// nothing, 1 rlimits + no_new_privs + no capabilities, 2 + seccomp, 3 + Landlock, 4 + namespaces. A level
// holds only with all those below it.

#include <linux/filter.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace toolpost {

struct SandboxLimits {
  std::uint64_t memory_bytes_max = 512ull
                                   << 20;  // address space; ignored under sanitizers, which map terabytes
  std::uint32_t files_max = 128;
  std::uint64_t file_bytes_max = 64 << 20;
};

/// Whether the process hears of what it is refused; `telling` is for one that counts (refused_calls.hpp).
enum class Refusing : unsigned char { silently, telling };

// ThreadSanitizer takes signals for itself and calls handlers later, when they cannot answer a call any more.
#if defined(__SANITIZE_THREAD__)
inline constexpr Refusing kWorkersRefusing = Refusing::silently;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr Refusing kWorkersRefusing = Refusing::silently;
#else
inline constexpr Refusing kWorkersRefusing = Refusing::telling;
#endif
#else
inline constexpr Refusing kWorkersRefusing = Refusing::telling;
#endif

/// The seccomp program, made once by the spawner. It allows what computing needs and answers EPERM to all
/// else: no fork, exec, ptrace, sockets, mounts, priorities, or signals to anyone but the own process. Error:
/// unsupported where the kernel has no seccomp filter.
Result<std::vector<sock_filter>> make_seccomp_program(Refusing how);

/// Goes down to at most `level_max` and says which level was reached. `readable` are the only files and
/// folders that may be opened afterwards (read and execute), besides the system's libraries. Error: only when
/// a step failed half-way, so that the process must not go on.
Result<int> enter_sandbox(int level_max, const SandboxLimits& limits,
                          const std::vector<std::string>& readable,
                          const std::vector<sock_filter>& seccomp_program);

}  // namespace toolpost
