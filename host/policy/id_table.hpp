#pragma once
// A map from call ids to small values without an allocation per entry: linear probing, deletion by shifting
// back. Not for pointers into it: any insert or erase may move the values.

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

namespace toolpost {

template <typename T>
class IdTable {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  IdTable() : slots_(16) {}

  /// Null when unknown; valid until the next insert or erase.
  T* find(std::uint64_t id) {
    for (std::size_t at = home(id);; at = next(at)) {
      if (!slots_[at].used) return nullptr;
      if (slots_[at].id == id) return &slots_[at].value;
    }
  }
  /// `id` must be unknown.
  void insert(std::uint64_t id, const T& value) {
    if ((size_ + 1) * 2 > slots_.size()) grow();
    place({id, value, true});
    ++size_;
  }
  bool erase(std::uint64_t id) {
    std::size_t gap = home(id);
    for (; slots_[gap].id != id || !slots_[gap].used; gap = next(gap))
      if (!slots_[gap].used) return false;
    // Whatever probed past the gap moves into it, so that no search ends too early.
    for (std::size_t at = next(gap); slots_[at].used; at = next(at)) {
      const std::size_t wanted = home(slots_[at].id);
      if (((at - wanted) & mask()) < ((at - gap) & mask())) continue;
      slots_[gap] = slots_[at];
      gap = at;
    }
    slots_[gap].used = false;
    --size_;
    return true;
  }
  std::size_t size() const { return size_; }

 private:
  struct Slot {
    std::uint64_t id = 0;
    T value{};
    bool used = false;
  };

  std::size_t mask() const { return slots_.size() - 1; }
  std::size_t next(std::size_t at) const { return (at + 1) & mask(); }
  // Ids are mostly consecutive; the multiplication spreads those that are not.
  std::size_t home(std::uint64_t id) const { return (id * 0x9E3779B97F4A7C15ull >> 32) & mask(); }
  void place(const Slot& slot) {
    std::size_t at = home(slot.id);
    while (slots_[at].used) at = next(at);
    slots_[at] = slot;
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old)
      if (slot.used) place(slot);
  }

  std::vector<Slot> slots_;  // a power of two, at most half full
  std::size_t size_ = 0;
};

}  // namespace toolpost
