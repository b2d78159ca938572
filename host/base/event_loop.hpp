#pragma once
// One thread's loop: readiness of descriptors, timers, tasks posted by other threads, and a hook that
// runs once per round so that writes can be batched. A thin shell around Asio; the only file that waits.

#include <functional>
#include <memory>

#include "base/time.hpp"
#include "base/timer_queue.hpp"

namespace toolpost {

class EventLoop final : public TimeSource {
 public:
  using Task = std::function<void()>;
  enum class Interest { none, read, write, read_write };

  /// Watches one descriptor until destroyed; borrows the descriptor, which must stay open as long.
  class Watch {
   public:
    virtual ~Watch() = default;
    virtual void want(Interest interest) = 0;
  };

  EventLoop();
  ~EventLoop() override;

  /// Time of the current round (refreshed before each callback). Threads: the loop's.
  TimePoint now() const override;
  /// Runs `task` in a later round. Threads: any.
  void post(Task task);
  TimerId at(TimePoint time, Task task);
  TimerId after(Duration delay, Task task) { return at(now() + delay, std::move(task)); }
  void cancel(TimerId& id);
  /// `ready` runs on the loop with what became possible; hang-up and error count as readable.
  /// Returns null for descriptors that cannot be waited for (regular files).
  std::unique_ptr<Watch> watch(int fd, Interest interest, std::function<void(Interest)> ready);
  /// `hook` runs at the end of every round, before the loop sleeps.
  void each_round(Task hook);

  /// Until stop(); may be called again after it.
  void run();
  void stop();

 private:
  class Shell;
  std::unique_ptr<Shell> shell_;
};

}  // namespace toolpost
