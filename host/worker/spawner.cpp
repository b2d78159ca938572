#include "worker/spawner.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace toolpost {
namespace {

constexpr int kKilled = SIGKILL;  // as a wait status

// pidfd_send_signal(2) has no wrapper in glibc 2.36.
void send_kill(const UniqueFd& pidfd) {
  syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
}

bool has_ended(const UniqueFd& pidfd) {
  pollfd watched{pidfd.get(), POLLIN, 0};
  return poll(&watched, 1, 0) == 1;
}

/// Returns 0 or an errno.
int send_request(int socket, const SpawnRequest& request, const UniqueFd (&passed)[kSpawnFds]) {
  const int fds[kSpawnFds] = {passed[0].get(), passed[1].get(), passed[2].get()};
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
  ssize_t sent;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? errno : 0;
}

}  // namespace

Result<std::unique_ptr<Spawner>> Spawner::start(const std::string& worker_program) {
  auto spawner = std::unique_ptr<Spawner>(new Spawner(worker_program));
  auto process = SpawnerProcess::start(worker_program);
  if (!process) return process.error();
  spawner->process_ = std::move(*process);
  return spawner;
}

Spawner::~Spawner() {
  watch_.reset();
  if (loop_ != nullptr) loop_->cancel(timer_);
}

void Spawner::attach(EventLoop& loop, const WorkerSettings& settings, Events events) {
  loop_ = &loop;
  core_.emplace(settings);
  events_ = std::move(events);
  watch();
}

void Spawner::watch() {
  watch_ = loop_->watch(process_.socket(), EventLoop::Interest::read,
                        [this](EventLoop::Interest) { read_replies(); });
}

void Spawner::spawn(const SpawnRequest& request, UniqueFd socket, UniqueFd page, UniqueFd stdio) {
  children_.emplace(request.worker, Child{});
  pending_.push_back({request, {std::move(socket), std::move(page), std::move(stdio)}});
  send_pending();
  arm();
}

void Spawner::send_pending() {
  while (core_->up() && !pending_.empty()) {
    const Pending& next = pending_.front();
    const int code = send_request(process_.socket(), next.request, next.fds);
    // A full socket waits for answers, which are owed then; a broken one for the news that it is.
    if (code == EAGAIN || code == EPIPE || code == ECONNRESET) return;
    const std::uint64_t worker = next.request.worker;
    pending_.pop_front();
    if (code == 0) {
      core_->on_asked(worker, loop_->now());
    } else {
      unsent_.push_back({worker, std::strerror(code)});
    }
  }
}

void Spawner::kill(std::uint64_t worker) {
  const auto found = children_.find(worker);
  if (found == children_.end()) return;
  found->second.kill_wanted = true;
  if (found->second.pidfd) kill_child(worker, found->second);
  const auto waiting = std::find_if(pending_.begin(), pending_.end(), [worker](const Pending& pending) {
    return pending.request.worker == worker;
  });
  if (waiting != pending_.end()) {
    pending_.erase(waiting);
    unsent_.push_back({worker, {}});
  }
  if (core_) arm();
}

void Spawner::kill_child(std::uint64_t worker, const Child& child) {
  send_kill(child.pidfd);
  core_->on_killed(worker, loop_->now());
}

void Spawner::read_replies() {
  while (core_->up()) {
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
    const ssize_t got = recvmsg(process_.socket(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got != static_cast<ssize_t>(sizeof reply)) {
      lose("it ended");
      break;
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
  send_pending();
  arm();
}

void Spawner::on_reply(const SpawnReply& reply, UniqueFd pidfd) {
  const auto found = children_.find(reply.worker);
  if (found == children_.end()) return;
  if (reply.news == SpawnNews::spawned) {
    core_->on_answered(reply.worker);
    found->second.pidfd = std::move(pidfd);
    if (found->second.kill_wanted) kill_child(reply.worker, found->second);
    return;
  }
  children_.erase(found);
  core_->on_died(reply.worker);
  if (reply.news == SpawnNews::failed) {
    events_.failed(reply.worker, std::strerror(reply.value));
  } else {
    events_.died(reply.worker, reply.value);
  }
}

void Spawner::lose(const std::string& why) {
  watch_.reset();
  core_->on_lost(loop_->now());
  // The workers die with their spawner; those that can be reached do not wait for that.
  std::vector<std::uint64_t> workers;
  for (const auto& [worker, child] : children_) {
    if (child.pidfd) send_kill(child.pidfd);
    const auto same = [&](const Pending& pending) { return pending.request.worker == worker; };
    if (std::none_of(pending_.begin(), pending_.end(), same)) workers.push_back(worker);
  }
  process_.end();
  if (events_.event) events_.event("the spawner was lost: " + why);
  for (const std::uint64_t worker : workers) {
    if (children_.erase(worker) != 0) events_.lost(worker);
  }
}

void Spawner::start_again() {
  auto process = SpawnerProcess::start(worker_program_);
  if (process) {
    process_ = std::move(*process);
    ++replacements_;
    core_->on_started();
    watch();
    if (events_.event) events_.event("the spawner was started anew");
    return send_pending();
  }
  core_->on_lost(loop_->now());
  if (events_.event) events_.event("the spawner cannot be started: " + process.error().message);
  for (const Pending& pending : std::exchange(pending_, {})) {
    children_.erase(pending.request.worker);
    events_.failed(pending.request.worker, process.error().message);
  }
}

void Spawner::tick() {
  for (const auto& [worker, why] : std::exchange(unsent_, {})) {
    if (children_.erase(worker) == 0) continue;
    if (why.empty()) {
      events_.died(worker, kKilled);
    } else {
      events_.failed(worker, why);
    }
  }
  if (core_->up()) read_replies();  // what has been told already is no silence
  const auto action = core_->tick(loop_->now(), [this](std::uint64_t worker) {
    const auto found = children_.find(worker);
    return found == children_.end() || has_ended(found->second.pidfd);
  });
  if (action == SpawnerCore::Action::replace) lose("it did not answer within workers.spawn_max_ms");
  if (action == SpawnerCore::Action::start) start_again();
  arm();
}

void Spawner::arm() {
  auto next = core_->next_tick();
  if (!unsent_.empty()) next = loop_->now();
  if (!next || (timer_ && timer_.at <= *next)) return;  // an early tick does no harm
  loop_->cancel(timer_);
  timer_ = loop_->at(*next, [this] {
    timer_ = {};
    tick();
  });
}

std::string describe_wait_status(int status) {
  if (WIFSIGNALED(status)) {
    return "signal " + std::to_string(WTERMSIG(status)) + ", " + strsignal(WTERMSIG(status));
  }
  return "exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace toolpost
