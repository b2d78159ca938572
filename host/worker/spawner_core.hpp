#pragma once
// When the spawner counts as lost, and when to start the next one. Decides only: the shell (Spawner) owns the
// process and its socket.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "config/settings.hpp"

namespace toolpost {

class SpawnerCore {
 public:
  explicit SpawnerCore(const WorkerSettings& settings) : settings_(settings) {}

  // The spawner owes an answer to a request, and news of a death after a kill.
  void on_asked(std::uint64_t worker, TimePoint now) { owed_[worker] = {Owed::answer, now}; }
  void on_answered(std::uint64_t worker) { owed_.erase(worker); }
  /// A SIGKILL was sent through the worker's pidfd.
  void on_killed(std::uint64_t worker, TimePoint now) { owed_.try_emplace(worker, Debt{Owed::death, now}); }
  void on_died(std::uint64_t worker) { owed_.erase(worker); }

  /// The process is gone, was given up, or could not be started.
  void on_lost(TimePoint now);
  void on_started() { start_at_.reset(); }
  bool up() const { return !start_at_; }

  enum class Action { nothing, replace, start };
  /// `is_dead`: whether the kernel says that a killed worker has ended. Until then the spawner has nothing to
  /// tell and is not to blame.
  Action tick(TimePoint now, const std::function<bool(std::uint64_t worker)>& is_dead);
  std::optional<TimePoint> next_tick() const;
  std::uint32_t losses() const { return static_cast<std::uint32_t>(losses_.size()); }

 private:
  enum class Owed { answer, death, news };  // death: of the worker; news: of a death that has happened
  struct Debt {
    Owed what;
    TimePoint since;
  };

  const WorkerSettings& settings_;
  std::map<std::uint64_t, Debt> owed_;  // by worker; bounded by workers.total_max
  std::deque<TimePoint> losses_;        // of the last minute
  std::optional<TimePoint> start_at_;   // while there is no spawner
};

}  // namespace toolpost
