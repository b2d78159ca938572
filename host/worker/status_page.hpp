#pragma once
// One page shared by the host and one worker, so that the host knows which of the turns it sent ahead is
// running and can take back those that are not. The worker's half is untrusted: `started` counts for nothing
// above what was sent, a start time counts only when `started` has moved, `peak_bytes` decides only when
// the worker itself is replaced, and `refused` is told to people and decides nothing.

#include <array>
#include <atomic>
#include <cstdint>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "worker/refused_power.hpp"

namespace toolpost {

struct StatusPage {
  // Written by the worker: before a turn begins, its number, then the monotonic clock in nanoseconds.
  std::atomic<std::uint64_t> started{0};
  std::atomic<std::int64_t> started_at_ns{0};
  // Written by the worker now and then: the most memory it has held so far, in bytes; 0 before the first
  // look.
  std::atomic<std::uint64_t> peak_bytes{0};
  // Written by the worker: what its plugin reached for and was refused, by RefusedPower.
  std::array<std::atomic<std::uint64_t>, kRefusedPowers> refused{};
  // Written by the host: turns from this number on are not to begin.
  std::atomic<std::uint64_t> revoked_from{UINT64_MAX};
  // Written by the host: this turn's caller has gone.
  std::atomic<std::uint64_t> cancelled{0};
  // Written by the host: the highest turn sent or about to be, so that answers wait for company that comes.
  std::atomic<std::uint64_t> sent{0};
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/// A mapping of a StatusPage; unmaps itself.
class StatusMapping {
 public:
  StatusMapping() = default;
  /// Maps the page behind `fd`. Error: unavailable.
  static Result<StatusMapping> map(int fd);
  /// A new page and its descriptor. Error: unavailable.
  static Result<StatusMapping> create(UniqueFd& fd);
  StatusMapping(StatusMapping&& other) noexcept : page_(std::exchange(other.page_, nullptr)) {}
  StatusMapping& operator=(StatusMapping&& other) noexcept;
  StatusMapping(const StatusMapping&) = delete;
  StatusMapping& operator=(const StatusMapping&) = delete;
  ~StatusMapping();

  StatusPage* operator->() const { return page_; }
  StatusPage& operator*() const { return *page_; }

 private:
  explicit StatusMapping(StatusPage* page) : page_(page) {}
  StatusPage* page_ = nullptr;
};

}  // namespace toolpost
