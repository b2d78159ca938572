#include "worker/spawner.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace toolpost {
namespace {

Error failed(const std::string& what) {
  return {Errc::unavailable, what + ": " + std::strerror(errno)};
}

// pidfd_send_signal(2) has no wrapper in glibc 2.36.
void send_kill(int pidfd) {
  syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
}

[[noreturn]] void become_spawner(const char* program, int socket, int report, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (getppid() != parent) _exit(3);
  // The report pipe closes on exec; otherwise it carries errno back.
  if (dup2(socket, kSpawnerSocket) >= 0) {
    const int high = fcntl(report, F_DUPFD_CLOEXEC, 64);
    syscall(SYS_close_range, static_cast<unsigned>(kSpawnerSocket + 1), static_cast<unsigned>(high - 1), 0u);
    syscall(SYS_close_range, static_cast<unsigned>(high + 1), ~0u, 0u);
    const int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);  // stdout belongs to the protocol
    if (null > 2) close(null);
    char name[] = "toolpost-worker";
    char* arguments[] = {name, nullptr};
    char* environment[] = {nullptr};
    execve(program, arguments, environment);
    const int code = errno;
    if (write(high, &code, sizeof code) != sizeof code) _exit(4);
  }
  _exit(3);
}

}  // namespace

Result<std::unique_ptr<Spawner>> Spawner::start(const std::string& worker_program) {
  int sockets[2];
  int report[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) return failed("spawner socket");
  UniqueFd ours(sockets[0]);
  const UniqueFd theirs(sockets[1]);
  if (pipe2(report, O_CLOEXEC) != 0) return failed("spawner pipe");
  const UniqueFd report_read(report[0]);
  UniqueFd report_write(report[1]);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return failed("starting the spawner");
  if (child == 0) become_spawner(worker_program.c_str(), theirs.get(), report_write.get(), parent);
  report_write.reset();
  int code = 0;
  if (read(report_read.get(), &code, sizeof code) == sizeof code) {
    waitpid(child, nullptr, 0);
    errno = code;
    return failed("starting " + worker_program);
  }
  auto spawner = std::unique_ptr<Spawner>(new Spawner);
  fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  spawner->socket_ = std::move(ours);
  spawner->pid_ = child;
  return spawner;
}

Spawner::~Spawner() {
  watch_.reset();
  if (pid_ > 0) {
    // Its workers die with it (PDEATHSIG); it holds nothing worth a graceful end.
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
}

void Spawner::attach(EventLoop& loop, Events events) {
  events_ = std::move(events);
  watch_ =
      loop.watch(socket_.get(), EventLoop::Interest::read, [this](EventLoop::Interest) { read_replies(); });
}

Result<void> Spawner::spawn(const SpawnRequest& request, UniqueFd socket, UniqueFd page, UniqueFd stdio) {
  const int fds[kSpawnFds] = {socket.get(), page.get(), stdio.get()};
  iovec data{const_cast<SpawnRequest*>(&request), sizeof request};
  union {
    char bytes[CMSG_SPACE(sizeof fds)];
    cmsghdr align;
  } control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  cmsghdr* part = CMSG_FIRSTHDR(&message);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof fds);
  std::memcpy(CMSG_DATA(part), fds, sizeof fds);
  if (sendmsg(socket_.get(), &message, MSG_NOSIGNAL) < 0) return failed("asking the spawner for a worker");
  children_.emplace(request.worker, Child{});
  return {};
}

void Spawner::kill(std::uint64_t worker) {
  const auto found = children_.find(worker);
  if (found == children_.end()) return;
  found->second.kill_wanted = true;
  if (found->second.pidfd) send_kill(found->second.pidfd.get());
}

void Spawner::read_replies() {
  for (;;) {
    SpawnReply reply;
    iovec data{&reply, sizeof reply};
    union {
      char bytes[CMSG_SPACE(sizeof(int))];
      cmsghdr align;
    } control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    const ssize_t got = recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got != static_cast<ssize_t>(sizeof reply)) {
      watch_.reset();
      if (events_.lost) events_.lost();
      return;
    }
    UniqueFd pidfd;
    if (const cmsghdr* part = CMSG_FIRSTHDR(&message);
        part != nullptr && part->cmsg_len == CMSG_LEN(sizeof(int))) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(part), sizeof fd);
      pidfd.reset(fd);
    }
    on_reply(reply, std::move(pidfd));
  }
}

void Spawner::on_reply(const SpawnReply& reply, UniqueFd pidfd) {
  const auto found = children_.find(reply.worker);
  if (found == children_.end()) return;
  if (reply.news == SpawnNews::spawned) {
    found->second.pidfd = std::move(pidfd);
    if (found->second.kill_wanted) send_kill(found->second.pidfd.get());
    return;
  }
  children_.erase(found);
  if (reply.news == SpawnNews::failed) {
    events_.failed(reply.worker, std::strerror(reply.value));
  } else {
    events_.died(reply.worker, reply.value);
  }
}

std::string describe_wait_status(int status) {
  if (WIFSIGNALED(status)) {
    return "signal " + std::to_string(WTERMSIG(status)) + ", " + strsignal(WTERMSIG(status));
  }
  return "exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace toolpost
