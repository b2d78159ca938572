#pragma once
// The spawner as a process: started from our worker program, ended with everything it started.
// Not for asking it anything (Spawner does) nor for when to start it anew (SpawnerCore decides).

#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace toolpost {

class SpawnerProcess {
 public:
  /// Starts `worker_program` with an empty environment and no descriptor but its socket, /dev/null and our
  /// standard error. The program's memory is its own from the first instruction: nothing of ours is in it.
  /// May be called at any time, with other threads running. The process ends with the calling *thread*.
  /// Error: unavailable, naming the file.
  static Result<SpawnerProcess> start(const std::string& worker_program);

  SpawnerProcess() = default;
  SpawnerProcess(SpawnerProcess&& other) noexcept { *this = std::move(other); }
  SpawnerProcess& operator=(SpawnerProcess&& other) noexcept;
  SpawnerProcess(const SpawnerProcess&) = delete;
  SpawnerProcess& operator=(const SpawnerProcess&) = delete;
  ~SpawnerProcess() { end(); }

  /// SIGKILL, which takes its workers along, and the reaping. SIGKILL also ends a stopped process.
  void end();

  int socket() const { return socket_.get(); }
  int pid() const { return pid_; }

 private:
  UniqueFd socket_;
  int pid_ = -1;
};

}  // namespace toolpost
