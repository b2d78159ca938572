#include "worker/status_page.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace toolpost {
namespace {

constexpr std::size_t kPageBytes = 4096;

Error failed(const char* what) {
  return {Errc::unavailable, std::string("worker status page: ") + what + ": " + std::strerror(errno)};
}

}  // namespace

Result<StatusMapping> StatusMapping::map(int fd) {
  void* memory = mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return failed("mmap");
  return StatusMapping(static_cast<StatusPage*>(memory));
}

Result<StatusMapping> StatusMapping::create(UniqueFd& fd) {
  fd.reset(memfd_create("toolpost-status", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd || ftruncate(fd.get(), kPageBytes) != 0) return failed("memfd_create");
  // A worker that shrank the page would kill the host with SIGBUS.
  if (fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) return failed("seal");
  auto mapping = map(fd.get());
  if (mapping) new (&**mapping) StatusPage;
  return mapping;
}

StatusMapping& StatusMapping::operator=(StatusMapping&& other) noexcept {
  std::swap(page_, other.page_);
  return *this;
}

StatusMapping::~StatusMapping() {
  if (page_ != nullptr) munmap(page_, kPageBytes);
}

}  // namespace toolpost
