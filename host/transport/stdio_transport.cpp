#include "transport/stdio_transport.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace toolpost {
namespace {

constexpr std::size_t kReadBytes = 256 << 10;
// A client that does not read its answers is not read from either, until they have drained.
constexpr std::size_t kUnsentMax = 64 << 20;

}  // namespace

StdioTransport::StdioTransport(EventLoop& loop, int in, int out, std::uint64_t line_bytes_max, Events events)
    : loop_(loop), in_(in), out_fd_(out), events_(std::move(events)),
      splitter_(line_bytes_max, {[this](std::string_view line) { events_.line(line); }, [this] { events_.oversize(); }}) {
  in_flags_ = fcntl(in_, F_GETFL);
  out_flags_ = fcntl(out_fd_, F_GETFL);
  fcntl(in_, F_SETFL, in_flags_ | O_NONBLOCK);
  fcntl(out_fd_, F_SETFL, out_flags_ | O_NONBLOCK);
  in_watch_ = loop_.watch(in_, EventLoop::Interest::read, [this](EventLoop::Interest) { read(); });
  if (!in_watch_) schedule_read();  // a regular file is always readable, and epoll refuses it
  loop_.each_round([this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) flush();
  });
}

StdioTransport::~StdioTransport() {
  in_watch_.reset();
  out_watch_.reset();
  fcntl(in_, F_SETFL, in_flags_);
  fcntl(out_fd_, F_SETFL, out_flags_);
}

void StdioTransport::schedule_read() {
  loop_.post([this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired() || input_ended_) return;
    if (!paused_) read();
    if (!input_ended_) schedule_read();
  });
}

void StdioTransport::read() {
  if (input_ended_) return;
  const ssize_t got = ::read(in_, splitter_.prepare(kReadBytes), kReadBytes);
  if (got > 0) return splitter_.commit(static_cast<std::size_t>(got));
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  input_ended_ = true;
  in_watch_.reset();
  events_.end_of_input();
}

void StdioTransport::flush() {
  if (all_sent() || output_closed_) return;
  const ssize_t wrote = ::write(out_fd_, out_.data() + sent_, out_.size() - sent_);
  if (wrote < 0 && errno != EAGAIN && errno != EINTR) {
    output_closed_ = true;
    out_.clear();
    sent_ = 0;
    out_watch_.reset();
    return events_.closed();
  }
  if (wrote > 0) sent_ += static_cast<std::size_t>(wrote);
  if (all_sent()) {
    // One huge answer should not keep its memory for ever.
    if (out_.capacity() > (4 << 20)) std::string().swap(out_);
    out_.clear();
    sent_ = 0;
    out_watch_.reset();
  } else {
    if (sent_ > (1 << 20)) {
      out_.erase(0, sent_);
      sent_ = 0;
    }
    if (!out_watch_) {
      out_watch_ = loop_.watch(out_fd_, EventLoop::Interest::write, [this](EventLoop::Interest) { flush(); });
    }
  }
  const bool pause = out_.size() - sent_ > kUnsentMax;
  if (pause != paused_) {
    paused_ = pause;
    if (in_watch_) in_watch_->want(pause ? EventLoop::Interest::none : EventLoop::Interest::read);
  }
}

}  // namespace toolpost
