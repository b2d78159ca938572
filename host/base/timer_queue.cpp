#include "base/timer_queue.hpp"

namespace toolpost {

TimerId TimerQueue::add(TimePoint at, Task task) {
  const TimerId id{at, ++last_};
  timers_.emplace(std::pair{at, id.number}, std::move(task));
  return id;
}

void TimerQueue::cancel(TimerId& id) {
  if (id) timers_.erase({id.at, id.number});
  id = {};
}

std::optional<TimePoint> TimerQueue::next() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.begin()->first.first;
}

std::optional<TimerQueue::Task> TimerQueue::take_due(TimePoint now) {
  if (timers_.empty() || timers_.begin()->first.first > now) return std::nullopt;
  Task task = std::move(timers_.begin()->second);
  timers_.erase(timers_.begin());
  return task;
}

}  // namespace toolpost
