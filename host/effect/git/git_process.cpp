#include "effect/git/git_process.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/bare_program.hpp"

namespace toolpost {
namespace {

Error failed(const std::string& what, int code) {
  return {Errc::unavailable, what + ": " + std::strerror(code)};
}

}  // namespace

Result<GitProcess> GitProcess::start(const std::string& program, std::string_view order) {
  if (order.size() > kGitOrderBytesMax) {
    return Error{Errc::exhausted, "the order to " + program + " has " + std::to_string(order.size()) +
                                      " bytes, more than " + std::to_string(kGitOrderBytesMax) +
                                      "; make files.deny shorter"};
  }
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
    return failed("a socket for git", errno);
  UniqueFd ours(sockets[0]);
  const UniqueFd theirs(sockets[1]);
  fcntl(ours.get(), F_SETFL, O_NONBLOCK);  // our end only
  if (send(ours.get(), order.data(), order.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(order.size()))
    return failed("an order to git", errno);
  shutdown(ours.get(), SHUT_WR);
  BareProgram with;
  with.file = program;
  with.name = "toolpost-git";
  with.argument = std::to_string(getpid());
  with.input = theirs.get();
  with.output = theirs.get();
  int pid = -1;
  if (const int code = start_bare_program(with, pid); code != 0) return failed("starting " + program, code);
  UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) {
    const int code = errno;
    ::kill(pid, SIGKILL);  // not reaped yet, so the number is still its own
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return failed("a pidfd for " + program, code);
  }
  return GitProcess(std::move(ours), std::move(pidfd));
}

GitProcess::~GitProcess() {
  if (!pidfd_) return;
  kill();
  fcntl(pidfd_.get(), F_SETFL, 0);  // whoever watched it made it non-blocking, and then waitid() would not wait
  siginfo_t info;
  while (waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED) < 0 && errno == EINTR) {
  }
}

void GitProcess::kill() const {
  if (pidfd_) syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
}

std::optional<int> GitProcess::reap() {
  siginfo_t info{};
  if (waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0)
    return std::nullopt;
  pidfd_.reset();
  return info.si_code == CLD_EXITED ? W_EXITCODE(info.si_status, 0) : W_EXITCODE(0, info.si_status);
}

std::string describe_git_end(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    const int signal = WTERMSIG(wait_status);
    return "signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
  }
  return "exit status " + std::to_string(WEXITSTATUS(wait_status));
}

}  // namespace toolpost
