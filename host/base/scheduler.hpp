#pragma once
// When code runs: now, in a later round, or at a time. The event loop in production, a virtual clock in the
// simulator. Not for descriptors (EventLoop watches those).

#include "base/time.hpp"
#include "base/timer_queue.hpp"

namespace toolpost {

/// Threads: the one that runs the tasks, except for post().
class Scheduler : public TimeSource {
 public:
  using Task = TimerQueue::Task;

  /// Runs `task` in a later round. Threads: any.
  virtual void post(Task task) = 0;
  virtual TimerId at(TimePoint time, Task task) = 0;
  virtual void cancel(TimerId& id) = 0;

  TimerId after(Duration delay, Task task) { return at(now() + delay, std::move(task)); }
};

}  // namespace toolpost
