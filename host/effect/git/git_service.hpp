#pragma once
// The git effects: finds a repository's places on a lane of its own, has a fresh toolpost-git process read
// it, and ends that process at its answer, its time or its caller's wish. Not for reading repositories.

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/blocking_lane.hpp"
#include "base/event_loop.hpp"
#include "base/guarded_mutex.hpp"
#include "config/settings.hpp"
#include "effect/file/file_roots.hpp"
#include "effect/git/git_places.hpp"
#include "effect/git/git_process.hpp"
#include "effect/git/git_request.hpp"

namespace toolpost {

using GitRequestId = std::uint64_t;

/// Threads: the loop's, all of it.
class GitService {
 public:
  /// `roots` must outlive the service. `program` is toolpost-git, `state_dir` the host's own folder, which is
  /// left out of every answer.
  GitService(EventLoop& loop, const FileRoots& roots, const Settings& settings, std::string program,
             const std::string& state_dir);
  /// Ends every process; nobody is told any more.
  ~GitService();
  GitService(const GitService&) = delete;
  GitService& operator=(const GitService&) = delete;

  /// JSON, or an error. Never called from inside start() or cancel().
  using Done = std::function<void(Result<std::string>)>;
  /// git.repositories, git.changes or git.log, in JSON (docs/plugin-guide.md). The first needs no process.
  /// Errors: invalid_input, not_found, permission, deadline (git.time_max), exhausted, unsupported
  /// (isolation), unavailable (a damaged repository; the program cannot be started).
  GitRequestId start(std::string_view kind, std::string_view request_json, Done done);
  /// Ends what runs for it. `done` is not called any more. Ids of finished requests are ignored.
  void cancel(GitRequestId id);

  std::size_t unfinished() const { return runs_.size(); }

 private:
  struct Run;
  struct Order;  // what the process is told, or the answer when none is needed

  void next();
  void begin(Run& run);
  Result<Order> prepare(const std::string& kind, const std::string& request_json) const;
  void on_prepared(GitRequestId id, Result<Order> order);
  void watch(Run& run);
  void read(Run& run);
  void on_ended(Run& run);
  void settle(Run& run, Result<std::string> result);
  void end(Run& run, Error error);
  void forget(GitRequestId id);
  Result<std::string> checked(const std::string& bytes, int wait_status) const;

  EventLoop& loop_;
  const FileRoots& roots_;
  const GitSettings settings_;
  const IsolationSettings isolation_;
  const std::vector<std::string> deny_;
  const std::string program_;
  const std::string state_dir_;  // resolved
  std::map<GitRequestId, std::unique_ptr<Run>> runs_;
  std::deque<GitRequestId> queue_;
  GitRequestId next_id_ = 1;
  std::size_t active_ = 0;                                      // at most git.processes_max
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // outlived by tasks in the loop
  std::atomic<bool> ending_ = false;
  Mutex arriving_mutex_;
  // From the lane.
  std::map<GitRequestId, std::shared_ptr<Result<Order>>> arriving_ TOOLPOST_GUARDED_BY(arriving_mutex_);
  // Last, so that its thread, whose children the processes are, ends before what its tasks use.
  std::unique_ptr<BlockingLane> lane_;
};

}  // namespace toolpost
