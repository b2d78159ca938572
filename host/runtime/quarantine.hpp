#pragma once
// Keeps plugins from crashing on and on: asks QuarantineCore, and tells the other hosts of the state folder
// through the store. Threads: the loop's.

#include <memory>
#include <string>

#include "base/blocking_lane.hpp"
#include "base/scheduler.hpp"
#include "policy/quarantine_core.hpp"
#include "runtime/call_runner.hpp"
#include "store/store.hpp"

namespace toolpost {

class Quarantine {
 public:
  /// Borrows the loop.
  Quarantine(Scheduler& loop, const QuarantineSettings& settings) : loop_(loop), core_(settings) {}

  /// Reads what is known. `disk` is asked for each time, as it starts when it is first used; all are
  /// borrowed.
  Result<void> use(Store& store, std::function<BlockingLane&()> disk);

  /// A turn of this call was lost. What took the worker away from outside says nothing of the plugin.
  void note(const PluginEntry& plugin, OwnerId owner, const JournalHeader& header, const Error& lost);
  /// Why this call may not run. Before it says so, it looks whether somebody has released the file.
  std::optional<Error> refusal(const CallRequest& call);
  /// Why the plugin's file runs no call at all.
  std::optional<Error> file_refusal(const PluginEntry& plugin) const;
  /// Inputs that the plugin crashed on so often that it is not run on them now.
  std::size_t refused_inputs(const PluginEntry& plugin) const {
    return core_.refused_inputs(plugin.found.sha256, loop_.wall_ms());
  }
  /// Whether other hosts can see everything that was noted here.
  bool is_written() const { return unwritten_ == 0; }

 private:
  std::optional<Error> known_refusal(const CallRequest& call) const;
  /// What other hosts saw, once a second while there are calls; it counts from the next call on.
  void look_at_others();

  Scheduler& loop_;
  QuarantineCore core_;
  Store* store_ = nullptr;
  std::function<BlockingLane&()> disk_;
  TimePoint look_at_{};
  std::size_t unwritten_ = 0;  // notes that are on their way to the disk
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace toolpost
