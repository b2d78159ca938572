#pragma once
// The last calls that ended, so that a client can be told of its own. In memory and bounded by
// log.recent_calls_max over all owners; never arguments, answers or messages, which may hold anything. Not a
// journal (see store) and not the log. Threads: the loop's.

#include <deque>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/scheduler.hpp"
#include "runtime/call_runner.hpp"

namespace toolpost {

struct EndedCall {
  std::int64_t ended_ms = 0;  // wall time
  OwnerId owner = 0;
  std::string tool;  // the name of a tool that is there, or "other"
  Errc code = Errc::ok;
  Duration elapsed{};
  std::uint32_t turns = 0;
  CallUse use{};
};

class RecentCalls {
 public:
  explicit RecentCalls(std::size_t calls_max) : calls_max_(calls_max) {}

  /// Keeps so many from here on; 0 keeps none.
  void keep(std::size_t calls_max);
  std::size_t calls_max() const { return calls_max_; }
  void add(EndedCall call);
  /// The last `count_max` of this owner's calls, oldest first.
  nlohmann::json of(OwnerId owner, std::size_t count_max) const;

 private:
  void trim();

  std::size_t calls_max_;
  std::deque<EndedCall> calls_;  // oldest first
};

/// A call on its way into the list: with its outcome, or as cancelled when nobody waits for one any more.
class NotedCall {
 public:
  using Cancelled = std::function<void(const CallOutcome&)>;
  /// `cancelled` is told when nobody waits any more; may be empty. Lifetime: `time` outlives `list`; once
  /// that is gone, this notes nothing and touches neither.
  NotedCall(const std::shared_ptr<RecentCalls>& list, const Scheduler& time, OwnerId owner, std::string tool,
            Cancelled cancelled = {});
  ~NotedCall();
  NotedCall(const NotedCall&) = delete;
  NotedCall& operator=(const NotedCall&) = delete;

  void end(const CallOutcome& outcome);

 private:
  const std::weak_ptr<RecentCalls> list_;
  const Scheduler& time_;
  const TimePoint begun_;
  const Cancelled cancelled_;
  EndedCall call_;
  bool ended_ = false;
};

}  // namespace toolpost
