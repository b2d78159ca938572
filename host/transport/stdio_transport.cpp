#include "transport/stdio_transport.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "base/unique_fd.hpp"

namespace toolpost {
namespace {

using Interest = EventLoop::Interest;

constexpr std::size_t kReadMax = 256 << 10;     // per round, so that one client cannot starve the loop
constexpr std::size_t kFlushEarly = 256 << 10;  // a round that writes this much does not wait for its end
constexpr std::size_t kOutKeptMax = std::size_t{1} << 20;
constexpr std::chrono::milliseconds kRetry{10};  // for descriptors that cannot be waited for

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

// Regular files and /dev/null are always ready, and epoll refuses them. Asked here, since Asio takes such a
// descriptor without complaint and then never reports it.
bool can_be_watched(int fd) {
  const UniqueFd probe(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{};
  return probe && ::epoll_ctl(probe.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

std::unique_ptr<EventLoop::Watch> watch_if_possible(EventLoop& loop, int fd, Interest interest,
                                                    std::function<void(Interest)> ready) {
  return can_be_watched(fd) ? loop.watch(fd, interest, std::move(ready)) : nullptr;
}

}  // namespace

void StdioTransport::FlagsGuard::set_nonblocking() const {
  if (flags_ >= 0) ::fcntl(fd_, F_SETFL, flags_ | O_NONBLOCK);
}

StdioTransport::FlagsGuard::~FlagsGuard() {
  // The description may be shared with other processes (a terminal), so only our own change is undone.
  if (flags_ < 0 || (flags_ & O_NONBLOCK) != 0) return;
  const int now = ::fcntl(fd_, F_GETFL);
  if (now >= 0) ::fcntl(fd_, F_SETFL, now & ~O_NONBLOCK);
}

StdioTransport::SigpipeGuard::SigpipeGuard() {
  struct sigaction action{};
  if (::sigaction(SIGPIPE, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) return;
  action.sa_handler = SIG_IGN;
  changed_ = ::sigaction(SIGPIPE, &action, nullptr) == 0;
}

StdioTransport::SigpipeGuard::~SigpipeGuard() {
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  if (changed_) ::sigaction(SIGPIPE, &action, nullptr);
}

StdioTransport::StdioTransport(EventLoop& loop, const StdioConfig& config, StdioEvents events)
    : loop_(loop),
      config_(config),
      events_(std::move(events)),
      in_flags_(config.in_fd),
      out_flags_(config.out_fd),
      splitter_(config.line_bytes_max),
      alive_(std::make_shared<bool>(true)) {
  // Both flags were read above before either is changed: the descriptors may share them.
  in_flags_.set_nonblocking();
  out_flags_.set_nonblocking();
  in_watch_ = watch_if_possible(loop_, config_.in_fd, Interest::read, [this](Interest) { read_round(); });
  if (!in_watch_) loop_.post(while_alive(&StdioTransport::read_round));
  loop_.each_round([this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired() && !blocked_ && unsent_bytes() > 0) flush();
  });
}

StdioTransport::~StdioTransport() = default;

std::function<void()> StdioTransport::while_alive(void (StdioTransport::*step)()) {
  return [this, step, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) (this->*step)();
  };
}

void StdioTransport::read_round() {
  if (paused_ || ended_ || closed_) return;
  const auto room = splitter_.space(kReadMax);
  ssize_t count;
  do {
    count = ::read(config_.in_fd, room.data(), std::min(room.size(), kReadMax));
  } while (count < 0 && errno == EINTR);
  if (count < 0 && would_block(errno)) {
    if (!in_watch_) loop_.after(kRetry, while_alive(&StdioTransport::read_round));
    return;
  }
  if (count > 0) {
    splitter_.filled(static_cast<std::size_t>(count));
  } else {
    ended_ = true;  // a failing input has ended as well, e.g. EIO of a terminal that is gone
  }
  dispatch();
}

void StdioTransport::dispatch() {
  std::string_view line;
  while (!closed_) {
    if (unsent_bytes() > kFlushEarly && !blocked_) flush();
    if (unsent_bytes() > config_.out_bytes_max) {
      paused_ = true;
      if (in_watch_) in_watch_->want(Interest::none);
      return;
    }
    switch (splitter_.next(line)) {
      case LineSplitter::Found::line:
        events_.line(line);
        break;
      case LineSplitter::Found::oversize:
        events_.oversize();
        break;
      case LineSplitter::Found::none:
        return go_on_reading();
    }
  }
}

void StdioTransport::go_on_reading() {
  if (ended_) {
    if (in_watch_) in_watch_->want(Interest::none);
    return events_.eof(splitter_.unfinished_bytes());
  }
  if (in_watch_) {
    in_watch_->want(Interest::read);
  } else {
    loop_.post(while_alive(&StdioTransport::read_round));
  }
}

void StdioTransport::flush() {
  while (sent_ < out_.size() && !closed_) {
    const ssize_t count = ::write(config_.out_fd, out_.data() + sent_, out_.size() - sent_);
    if (count >= 0) {
      sent_ += static_cast<std::size_t>(count);
    } else if (would_block(errno)) {
      wait_for_room();
      break;
    } else if (errno != EINTR) {
      close_output();
    }
  }
  if (closed_) sent_ = out_.size();
  forget_sent();
  resume_if_drained();
}

void StdioTransport::forget_sent() {
  if (sent_ == out_.size()) {
    sent_ = 0;
    if (out_.capacity() > kOutKeptMax) {
      out_ = std::string();
    } else {
      out_.clear();
    }
  } else if (sent_ > out_.size() / 2) {  // moves less than was sent since the last time
    out_.erase(0, sent_);
    sent_ = 0;
  }
}

void StdioTransport::wait_for_room() {
  if (blocked_) return;
  blocked_ = true;
  const auto ready = [this] {
    blocked_ = false;
    if (out_watch_) out_watch_->want(Interest::none);
    flush();
  };
  if (out_watch_) return out_watch_->want(Interest::write);
  out_watch_ = watch_if_possible(loop_, config_.out_fd, Interest::write, [ready](Interest) { ready(); });
  if (out_watch_) return;
  loop_.after(kRetry, [ready, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) ready();
  });
}

void StdioTransport::resume_if_drained() {
  if (!paused_ || resuming_ || closed_ || unsent_bytes() > config_.out_bytes_max / 2) return;
  resuming_ = true;
  // In a round of its own, so that what the lines append is written at its end.
  loop_.post([this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    resuming_ = paused_ = false;
    dispatch();
  });
}

void StdioTransport::close_output() {
  closed_ = true;
  blocked_ = false;  // so that what is still appended is dropped each round
  if (in_watch_) in_watch_->want(Interest::none);
  if (out_watch_) out_watch_->want(Interest::none);
  events_.closed();
}

}  // namespace toolpost
