#include "base/blocking_lane.hpp"

namespace toolpost {

BlockingLane::BlockingLane(std::size_t queue_size_max, std::string setting)
    : queue_size_max_(queue_size_max), setting_(std::move(setting)), thread_([this] { work(); }) {}

BlockingLane::~BlockingLane() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

std::string BlockingLane::full() const {
  const std::string bound = std::to_string(queue_size_max_);
  return (setting_.empty()
              ? bound + " tasks wait for the disk already, the most that may"
              : "as many tasks wait for the disk already as " + setting_ + " = " + bound + " lets wait") +
         "; try again later";
}

bool BlockingLane::run(std::function<void()> task) {
  {
    const MutexLock lock(mutex_);
    if (ending_ || queue_.size() >= queue_size_max_) return false;
    queue_.push_back(std::move(task));
  }
  wake_.notify_one();
  return true;
}

void BlockingLane::work() {
  while (auto task = next_task()) task();
}

/// Waits for one; null at the end.
std::function<void()> BlockingLane::next_task() {
  const MutexLock lock(mutex_);
  while (!ending_ && queue_.empty()) mutex_.wait(wake_);
  if (queue_.empty()) return nullptr;
  std::function<void()> task = std::move(queue_.front());
  queue_.pop_front();
  return task;
}

}  // namespace toolpost
