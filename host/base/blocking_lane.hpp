#pragma once
// A thread for work that may block (disk), so that the loop never does. Bounded; ends its queue before it
// goes.

#include <condition_variable>
#include <deque>
#include <functional>
#include <string>
#include <thread>

#include "base/guarded_mutex.hpp"

namespace toolpost {

class BlockingLane {
 public:
  /// `setting` is the name under which an operator may raise the bound; empty: there is none.
  explicit BlockingLane(std::size_t queue_size_max = 4096, std::string setting = {});
  ~BlockingLane();
  BlockingLane(const BlockingLane&) = delete;
  BlockingLane& operator=(const BlockingLane&) = delete;

  /// What is told of a task that finds the queue full.
  std::string full() const;

  /// False when the queue is full. Tasks run in order. Threads: any.
  bool run(std::function<void()> task);

 private:
  void work();
  std::function<void()> next_task();

  const std::size_t queue_size_max_;
  const std::string setting_;
  Mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_ TOOLPOST_GUARDED_BY(mutex_);
  bool ending_ TOOLPOST_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace toolpost
