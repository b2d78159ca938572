#pragma once
// The host's end of the spawner process: asks for workers, hears of their deaths, kills them by pidfd.
// Must be started before configuration or secrets are read and before any other thread exists.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/event_loop.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "worker/spawn_protocol.hpp"

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
    std::function<void()> lost;  // the spawner itself is gone, and its workers with it
  };
  /// From here on events arrive on `loop`, which must outlive the spawner.
  void attach(EventLoop& loop, Events events);

  /// Asks for a worker; its own socket end, page and stdio are passed on and closed here.
  Result<void> spawn(const SpawnRequest& request, UniqueFd socket, UniqueFd page, UniqueFd stdio);
  /// SIGKILL, now or as soon as its pidfd arrives.
  void kill(std::uint64_t worker);
  int pid() const { return pid_; }

 private:
  Spawner() = default;
  void read_replies();
  void on_reply(const SpawnReply& reply, UniqueFd pidfd);

  struct Child {
    UniqueFd pidfd;
    bool kill_wanted = false;
  };
  UniqueFd socket_;
  int pid_ = -1;
  std::map<std::uint64_t, Child> children_;
  std::unique_ptr<EventLoop::Watch> watch_;
  Events events_;
};

/// "signal 11 (Segmentation fault)" or "exit status 3".
std::string describe_wait_status(int status);

}  // namespace toolpost
