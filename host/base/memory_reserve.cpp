#include "base/memory_reserve.hpp"

#include <sys/mman.h>

#include <atomic>
#include <new>

namespace toolpost {
namespace {

std::atomic<void*> reserve{nullptr};
std::atomic<bool> given_out{false};

/// `new` tries again when this returns.
void give_out() {
  void* const held = reserve.exchange(nullptr);
  if (held == nullptr) throw std::bad_alloc();
  given_out = true;
  ::munmap(held, kMemoryReserve);
}

}  // namespace

bool hold_memory_reserve() {
  if (reserve.load() != nullptr) return true;
  // Readable and writable, since only that counts where the kernel promises no more memory than there is.
  void* const got =
      ::mmap(nullptr, kMemoryReserve, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (got == MAP_FAILED) return false;
  given_out = false;
  void* none = nullptr;
  if (!reserve.compare_exchange_strong(none, got)) ::munmap(got, kMemoryReserve);
  std::set_new_handler(give_out);
  return true;
}

bool memory_is_short() {
  return given_out;
}

}  // namespace toolpost
