#include "worker/spawner_process.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/bare_program.hpp"
#include "worker/spawn_protocol.hpp"

namespace toolpost {
namespace {

Error failed(const std::string& what, int code) {
  return {Errc::unavailable, what + ": " + std::strerror(code)};
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
  static_assert(kSpawnerSocket == 3);            // where a bare program finds its socket
  BareProgram program;
  program.file = worker_program;
  program.name = "toolpost-worker";
  program.argument = std::to_string(getpid());
  program.error = STDERR_FILENO;
  program.socket = theirs.get();
  pid_t child = -1;
  const int code = start_bare_program(program, child);
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
