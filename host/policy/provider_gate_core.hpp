#pragma once
// How many attempts at one provider run at once, and when it may be asked again after it said to slow down. Pure.

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"

namespace toolpost {

using AttemptId = std::uint64_t;

class ProviderGateCore {
 public:
  /// More waiting attempts than this are refused.
  static constexpr std::size_t kQueueMax = 64;

  ProviderGateCore(std::string provider, std::uint32_t concurrency_max)
      : provider_(std::move(provider)), concurrency_max_(concurrency_max) {}

  enum class Entry { now, queued, refused };
  Entry offer(AttemptId id, TimePoint now, Error& refusal);
  /// An attempt is over, or its caller has gone; returns those that may begin.
  std::vector<AttemptId> release(AttemptId id, TimePoint now);
  /// The upstream asked for a pause; nothing begins before it is over.
  void close_until(TimePoint until) { closed_until_ = std::max(closed_until_, until); }
  /// Those that may begin because the pause is over.
  std::vector<AttemptId> open(TimePoint now);
  std::optional<TimePoint> next_opening(TimePoint now) const;

  std::size_t running() const { return running_.size(); }
  std::size_t queued() const { return queue_.size(); }

 private:
  const std::string provider_;
  const std::uint32_t concurrency_max_;
  std::vector<AttemptId> running_;
  std::deque<AttemptId> queue_;
  TimePoint closed_until_{};
};

}  // namespace toolpost
