#pragma once
// The single steps of the sandbox, one file each; only sandbox.cpp takes them, in the one order that works.

#include <linux/filter.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "base/result.hpp"

// Sanitizers map terabytes and ask the kernel about themselves; their builds are for tests alone.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TOOLPOST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TOOLPOST_SANITIZED 1
#endif
#endif

namespace toolpost {

inline Error sandbox_error(const char* what) {
  return {Errc::unsupported, std::string("sandbox: ") + what + ": " + std::strerror(errno)};
}

/// Moves into user, mount, network, ipc, uts and cgroup namespaces of its own, with a root that holds nothing
/// but `paths`, read-only. False where the kernel, or a policy of the system, does not permit that; `paths`
/// can be opened all the same then. Must come first: it takes the powers that the other steps give up. Error:
/// when it went too far to go on without.
Result<bool> enter_namespaces(const std::vector<std::string>& paths);

/// Allows opening `paths` and what is beneath them, to read and to execute, and nothing else.
/// False where the kernel has no Landlock.
Result<bool> enter_landlock(const std::vector<std::string>& paths);

/// Must come last: it forbids the other steps.
Result<void> enter_seccomp(std::vector<sock_filter> program);

}  // namespace toolpost
