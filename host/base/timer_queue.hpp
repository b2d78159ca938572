#pragma once
// Which timer fires next. Decides only: the event loop (or the simulator) waits.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "base/time.hpp"

namespace toolpost {

/// Names one armed timer; a default-made one names none. Cancelling a fired or foreign one does nothing.
struct TimerId {
  TimePoint at{};
  std::uint64_t number = 0;
  explicit operator bool() const { return number != 0; }
};

class TimerQueue {
 public:
  using Task = std::function<void()>;

  TimerId add(TimePoint at, Task task);
  void cancel(TimerId& id);
  std::optional<TimePoint> next() const;
  /// Takes the earliest task that is due; equal times fire in the order they were added.
  std::optional<Task> take_due(TimePoint now);
  bool holds(const TimerId& id) const { return timers_.contains({id.at, id.number}); }
  std::size_t size() const { return timers_.size(); }

 private:
  std::map<std::pair<TimePoint, std::uint64_t>, Task> timers_;
  std::uint64_t last_ = 0;
};

}  // namespace toolpost
