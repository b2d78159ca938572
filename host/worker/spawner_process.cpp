#include "worker/spawner_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "worker/spawn_protocol.hpp"

namespace toolpost {
namespace {

Error failed(const std::string& what, int code) {
  return {Errc::unavailable, what + ": " + std::strerror(code)};
}

struct Preparation {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  Preparation() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  Preparation(const Preparation&) = delete;
  Preparation& operator=(const Preparation&) = delete;
  ~Preparation() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
};

/// Returns 0 or an errno.
int prepare(Preparation& with, int socket) {
  // Duplicating a descriptor onto itself clears its close-on-exec flag, so `socket` may be 3 already.
  int code = posix_spawn_file_actions_adddup2(&with.actions, socket, kSpawnerSocket);
  if (code == 0) code = posix_spawn_file_actions_addopen(&with.actions, 0, "/dev/null", O_RDWR, 0);
  if (code == 0) code = posix_spawn_file_actions_adddup2(&with.actions, 0, 1);  // stdout is the protocol's
  if (code == 0) code = posix_spawn_file_actions_addclosefrom_np(&with.actions, kSpawnerSocket + 1);
  // No signal handler, mask, terminal or process group of ours: what a terminal sends to us (^C, ^Z) is ours
  // to answer, and must not take the workers away first.
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  if (code == 0) code = posix_spawnattr_setsigmask(&with.attributes, &none);
  if (code == 0) code = posix_spawnattr_setsigdefault(&with.attributes, &all);
  constexpr int kFlags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID;
  if (code == 0) code = posix_spawnattr_setflags(&with.attributes, kFlags);
  return code;
}

}  // namespace

Result<SpawnerProcess> SpawnerProcess::start(const std::string& worker_program) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) {
    return failed("spawner socket", errno);
  }
  SpawnerProcess process;
  process.socket_.reset(sockets[0]);
  const UniqueFd theirs(sockets[1]);
  fcntl(process.socket(), F_SETFL, O_NONBLOCK);  // our end only
  Preparation with;
  if (const int code = prepare(with, theirs.get()); code != 0) return failed("starting the spawner", code);
  char name[] = "toolpost-worker";
  std::string parent = std::to_string(getpid());
  char* arguments[] = {name, parent.data(), nullptr};
  char* environment[] = {nullptr};
  // posix_spawn shares our memory until the exec and copies none of it, however much there is; and it runs
  // nothing in between but what is safe while other threads hold locks.
  pid_t child = -1;
  const int code =
      posix_spawn(&child, worker_program.c_str(), &with.actions, &with.attributes, arguments, environment);
  if (code != 0) return failed("starting " + worker_program, code);
  process.pid_ = child;
  return process;
}

SpawnerProcess& SpawnerProcess::operator=(SpawnerProcess&& other) noexcept {
  if (this != &other) {
    end();
    socket_ = std::move(other.socket_);
    pid_ = std::exchange(other.pid_, -1);
  }
  return *this;
}

void SpawnerProcess::end() {
  socket_.reset();
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

}  // namespace toolpost
