#pragma once
// A loop for tests: time stands still while a task runs and then leaps to the next timer. One thread, no
// waiting; the same seed gives the same order of events.

#include <deque>

#include "base/scheduler.hpp"

namespace toolpost {

class VirtualLoop final : public Scheduler {
 public:
  TimePoint now() const override { return now_; }
  std::int64_t wall_ms() const override { return kWallStart + to_ms(now_ - kStart) + wall_offset_ms_; }
  void post(Task task) override { posted_.push_back(std::move(task)); }
  TimerId at(TimePoint time, Task task) override { return timers_.add(time, std::move(task)); }
  void cancel(TimerId& id) override { timers_.cancel(id); }

  /// Runs one task: what was posted first, then the next timer. False when nothing is left up to `until`.
  bool step(TimePoint until) {
    if (!posted_.empty()) {
      const Task task = std::move(posted_.front());
      posted_.pop_front();
      task();
      return true;
    }
    const auto next = timers_.next();
    if (!next || *next > until) {
      now_ = std::max(now_, until);
      return false;
    }
    now_ = std::max(now_, *next);
    (*timers_.take_due(now_))();
    return true;
  }

  /// The whole host stands still for a while: timers that were due meanwhile fire late.
  void stall(Duration length) { now_ += length; }
  /// Somebody sets the machine's clock.
  void set_wall_back(std::int64_t ms) { wall_offset_ms_ -= ms; }

  bool armed(const TimerId& id) const { return timers_.holds(id); }
  std::size_t timers() const { return timers_.size(); }

 private:
  static constexpr std::int64_t kWallStart = 1'767'225'600'000;  // 2026-01-01
  static constexpr TimePoint kStart{std::chrono::hours(1)};
  TimePoint now_ = kStart;
  std::int64_t wall_offset_ms_ = 0;
  std::deque<Task> posted_;
  TimerQueue timers_;
};

}  // namespace toolpost
