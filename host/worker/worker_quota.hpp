#pragma once
// workers.total_max over all pools: a pool that may not start a worker, although its turns wait, gets the
// place of another pool's idle worker, or of one that is retired for it. Not for the limit of one plugin
// (PoolCore's).

#include <cstdint>
#include <vector>

#include "base/scheduler.hpp"

namespace toolpost {

/// How far a pool goes to make room for another.
enum class GiveUp : unsigned char { idle, one_of_several, any };

/// A pool as its quota sees it.
class QuotaMember {
 public:
  virtual ~QuotaMember() = default;
  /// Turns wait, and only workers.total_max keeps a worker from being started for them.
  virtual bool starved() const = 0;
  /// Gives one worker up, at once if it is idle, else after the turns it has. False if there is none to give.
  virtual bool give_up_worker(GiveUp how) = 0;
  virtual void try_again() = 0;
};

/// Threads: the loop's. Members and loop outlive it, or leave() before they go.
class WorkerQuota {
 public:
  explicit WorkerQuota(Scheduler& loop) : loop_(loop) {}
  ~WorkerQuota();

  void join(QuotaMember& member) { members_.push_back(&member); }
  void leave(QuotaMember& member) { std::erase(members_, &member); }
  /// A pool has done something: if one starves, looks in a later round how it can be helped. Cheap otherwise.
  void note(const QuotaMember& member);

  std::uint32_t live = 0;  // workers of all pools, dying ones included; counted by their cores

 private:
  void balance();

  Scheduler& loop_;
  std::vector<QuotaMember*> members_;
  bool hungry_ = false;     // the last look left a pool starving
  bool balancing_ = false;  // what pools do meanwhile is our own doing
  TimerId look_;
};

}  // namespace toolpost
