#pragma once
// One thread's loop: readiness of descriptors, timers, tasks posted by other threads, and a hook that
// runs once per round so that writes can be batched. A thin shell around Asio; the only file that waits.

#include <functional>
#include <memory>

#include "base/scheduler.hpp"

namespace toolpost {

class EventLoop final : public Scheduler {
 public:
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
  void post(Task task) override;
  TimerId at(TimePoint time, Task task) override;
  void cancel(TimerId& id) override;
  /// `ready` runs on the loop with what became possible; hang-up and error count as readable.
  /// Returns null for descriptors that cannot be waited for (regular files).
  std::unique_ptr<Watch> watch(int fd, Interest interest, std::function<void(Interest)> ready);
  /// `hook` runs before the loop first sleeps and at the end of every round.
  void each_round(Task hook);

  /// Until stop(); may be called again after it.
  void run();
  void stop();

 private:
  class Shell;
  std::unique_ptr<Shell> shell_;
};

}  // namespace toolpost
