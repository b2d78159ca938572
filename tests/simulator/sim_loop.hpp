#pragma once
// The loop of one simulated host over the loop of its world: what a host has posted or armed dies with it,
// and what it forgot to disarm shows.

#include <memory>

#include "virtual_loop.hpp"

namespace toolpost::sim {

class HostLoop final : public Scheduler {
 public:
  explicit HostLoop(VirtualLoop& world) : world_(world) {}

  TimePoint now() const override { return world_.now(); }
  std::int64_t wall_ms() const override { return world_.wall_ms(); }
  void post(Task task) override {
    world_.post([alive = std::weak_ptr<bool>(alive_), task = std::move(task)] {
      if (!alive.expired()) task();
    });
  }
  TimerId at(TimePoint time, Task task) override {
    ++timers_;
    return world_.at(time, [this, alive = std::weak_ptr<bool>(alive_), task = std::move(task)] {
      if (alive.expired()) return;
      --timers_;
      task();
    });
  }
  void cancel(TimerId& id) override {
    if (world_.armed(id)) --timers_;
    world_.cancel(id);
  }

  bool armed(const TimerId& id) const { return world_.armed(id); }
  /// Armed by this host.
  std::size_t timers() const { return timers_; }

 private:
  VirtualLoop& world_;
  std::size_t timers_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // outlived by tasks in the world's loop
};

}  // namespace toolpost::sim
