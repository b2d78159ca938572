#pragma once
// The host's end of the spawner: asks for workers, hears of their deaths, kills them by pidfd, and replaces
// the spawner process when it is gone or silent. The first process must be started before configuration or
// secrets are read; later ones may start at any time, as nothing of the host's memory gets into them.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "worker/spawn_protocol.hpp"
#include "worker/spawner_core.hpp"
#include "worker/spawner_process.hpp"

namespace toolpost {

class Spawner {
 public:
  /// Starts the toolpost-worker program beside our own binary (or the one named by the caller).
  /// Error: unavailable, naming the file.
  static Result<std::unique_ptr<Spawner>> start(const std::string& worker_program);
  ~Spawner();

  struct Events {
    std::function<void(std::uint64_t worker, const std::string& why)> failed;
    std::function<void(std::uint64_t worker, int wait_status)> died;
    std::function<void(std::uint64_t worker)> lost;     // it ended with its spawner
    std::function<void(const std::string& why)> event;  // the process was lost, or started anew; for the log
  };
  /// From here on events arrive on `loop`. Both references must outlive the spawner.
  void attach(EventLoop& loop, const WorkerSettings& settings, Events events);

  /// Asks for a worker; its own socket end, page and stdio are passed on and closed here. While the process
  /// is being replaced the request waits. What becomes of it is told by an event in a later round.
  void spawn(const SpawnRequest& request, UniqueFd socket, UniqueFd page, UniqueFd stdio);
  /// SIGKILL, now or as soon as its pidfd arrives.
  void kill(std::uint64_t worker);
  int pid() const { return process_.pid(); }
  std::uint64_t replacements() const { return replacements_; }

 private:
  struct Pending {
    SpawnRequest request;
    UniqueFd fds[kSpawnFds];
  };
  struct Child {
    UniqueFd pidfd;
    bool kill_wanted = false;
  };

  explicit Spawner(std::string worker_program) : worker_program_(std::move(worker_program)) {}
  void watch();
  void send_pending();
  void kill_child(std::uint64_t worker, const Child& child);
  void read_replies();
  void on_reply(const SpawnReply& reply, UniqueFd pidfd);
  void lose(const std::string& why);
  void start_again();
  void tick();
  void arm();

  const std::string worker_program_;
  SpawnerProcess process_;
  EventLoop* loop_ = nullptr;  // from attach() on
  std::optional<SpawnerCore> core_;
  std::map<std::uint64_t, Child> children_;  // asked for and not known to be dead
  std::deque<Pending> pending_;              // asked for, but not sent yet
  struct Unsent {
    std::uint64_t worker;
    std::string why;  // empty: it was killed first
  };
  std::vector<Unsent> unsent_;  // told in the next round, never from inside spawn() or kill()
  std::unique_ptr<EventLoop::Watch> watch_;
  TimerId timer_;
  std::uint64_t replacements_ = 0;
  Events events_;
};

/// "signal 11 (Segmentation fault)" or "exit status 3".
std::string describe_wait_status(int status);

}  // namespace toolpost
