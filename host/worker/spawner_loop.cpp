#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <map>

#include "base/unique_fd.hpp"
#include "worker/sandbox.hpp"
#include "worker/worker_process.hpp"

namespace toolpost {
namespace {

union ControlBuffer {
  char bytes[CMSG_SPACE(sizeof(int) * kSpawnFds)];
  cmsghdr align;
};

void send_reply(const SpawnReply& reply, int fd = -1) {
  iovec data{const_cast<SpawnReply*>(&reply), sizeof reply};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  ControlBuffer control{};
  if (fd >= 0) {
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(sizeof(int));
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(part), &fd, sizeof fd);
  }
  while (sendmsg(kSpawnerSocket, &message, MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

/// In the child: keeps the three descriptors it was given as 1/2, 3 and 4, and nothing else.
void keep_only(const UniqueFd (&fds)[kSpawnFds]) {
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  // Moved high first, so that no dup2 overwrites one that is still needed.
  const int socket = fcntl(fds[0].get(), F_DUPFD, 64);
  const int page = fcntl(fds[1].get(), F_DUPFD, 64);
  const int stdio = fcntl(fds[2].get(), F_DUPFD, 64);
  if (null < 0 || socket < 0 || page < 0 || stdio < 0 || dup2(null, 0) < 0 || dup2(stdio, 1) < 0 ||
      dup2(stdio, 2) < 0 || dup2(socket, 3) < 0 || dup2(page, 4) < 0) {
    _exit(3);
  }
  if (syscall(SYS_close_range, 5u, ~0u, 0u) != 0) {
    for (int fd = 5; fd < 4096; ++fd) close(fd);
  }
}

class Spawner {
 public:
  int run() {
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (auto program = make_seccomp_program(kWorkersRefusing)) seccomp_program_ = std::move(*program);
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, nullptr);
    const UniqueFd signals(signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals) return 3;
    for (;;) {
      pollfd watched[2] = {{kSpawnerSocket, POLLIN, 0}, {signals.get(), POLLIN, 0}};
      if (poll(watched, 2, -1) < 0 && errno != EINTR) return 3;
      if (watched[1].revents != 0) {
        signalfd_siginfo info;
        while (read(signals.get(), &info, sizeof info) > 0) {
        }
        reap();
      }
      if (watched[0].revents != 0 && !serve()) return 0;  // the host is gone; PDEATHSIG ends the workers
    }
  }

 private:
  bool serve() {
    SpawnRequest request;
    iovec data{&request, sizeof request};
    ControlBuffer control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    const ssize_t got = recvmsg(kSpawnerSocket, &message, MSG_CMSG_CLOEXEC);
    if (got < 0) return errno == EINTR;
    if (got != static_cast<ssize_t>(sizeof request)) return false;
    UniqueFd fds[kSpawnFds];
    const cmsghdr* part = CMSG_FIRSTHDR(&message);
    if (part == nullptr || part->cmsg_len != CMSG_LEN(sizeof(int) * kSpawnFds)) return false;
    for (int i = 0; i < kSpawnFds; ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      fds[i].reset(fd);
    }
    request.plugin[sizeof request.plugin - 1] = '\0';
    spawn(request, fds);
    return true;
  }

  void spawn(const SpawnRequest& request, const UniqueFd (&fds)[kSpawnFds]) {
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child == 0) {
      sigset_t none;
      sigemptyset(&none);
      sigprocmask(SIG_SETMASK, &none, nullptr);
      prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
      if (getppid() != parent) _exit(3);  // the spawner died before the line above
      keep_only(fds);
      prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
      run_worker(request, seccomp_program_);
    }
    if (child < 0) {
      send_reply({SpawnNews::failed, errno, request.worker});
      return;
    }
    const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
    if (!pidfd) {
      // Nobody could ever end it.
      send_reply({SpawnNews::failed, errno, request.worker});
      kill(child, SIGKILL);
      return;
    }
    workers_[child] = request.worker;
    send_reply({SpawnNews::spawned, child, request.worker}, pidfd.get());
  }

  void reap() {
    int status = 0;
    for (pid_t child; (child = waitpid(-1, &status, WNOHANG)) > 0;) {
      const auto found = workers_.find(child);
      if (found == workers_.end()) continue;
      send_reply({SpawnNews::died, status, found->second});
      workers_.erase(found);
    }
  }

  std::vector<sock_filter> seccomp_program_;
  std::map<pid_t, std::uint64_t> workers_;
};

}  // namespace

int run_spawner() {
  return Spawner().run();
}

}  // namespace toolpost
