#include "effect/file/beneath_open.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdint>

namespace toolpost {
namespace {

constexpr int kAgainMax = 3;  // the kernel answers EAGAIN when the tree is renamed while it looks

int open_by_kernel(int folder, const char* name, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint32_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS;
  for (int again = 0;;) {
    const auto fd = static_cast<int>(syscall(SYS_openat2, folder, name, &how, sizeof how));
    if (fd >= 0 || (errno != EINTR && errno != EAGAIN)) return fd;
    if (errno == EAGAIN && ++again > kAgainMax) return -1;
  }
}

int open_portably(int folder, const char* name, int flags) {
  // One name at a time leaves nothing but its last link to follow, and O_NOFOLLOW forbids that.
  int fd;
  do {
    fd = openat(folder, name, flags | O_NOFOLLOW);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

}  // namespace

UniqueFd open_beneath(int folder, const char* name, int flags, OpenMethod method) {
  flags |= O_CLOEXEC;
  if (method == OpenMethod::kernel) {
    const int fd = open_by_kernel(folder, name, flags);
    // EPERM is how seccomp filters of older container runtimes say ENOSYS.
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return UniqueFd(fd);
  }
  return UniqueFd(open_portably(folder, name, flags));
}

}  // namespace toolpost
