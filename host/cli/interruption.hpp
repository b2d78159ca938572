#pragma once
// Ctrl-C and SIGTERM as an event, for a command that has something to put in order before it ends.

#include <sys/signalfd.h>

#include <csignal>
#include <functional>
#include <memory>

#include "base/event_loop.hpp"
#include "base/unique_fd.hpp"

namespace toolpost {

/// Made before any thread and any child is there: they inherit that the signals are blocked. Threads: the
/// loop's.
class Interruption {
 public:
  static constexpr int kExitStatus = 130;  // as a shell tells of SIGINT

  Interruption() {
    sigemptyset(&signals_);
    for (const int signal : {SIGINT, SIGTERM}) sigaddset(&signals_, signal);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    fd_.reset(signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK));
  }

  /// Calls `interrupted` for each signal, as long as this and the loop live.
  void watch(EventLoop& loop, std::function<void()> interrupted) {
    watch_ = loop.watch(fd_.get(), EventLoop::Interest::read,
                        [this, interrupted = std::move(interrupted)](EventLoop::Interest) {
                          signalfd_siginfo info;
                          if (read(fd_.get(), &info, sizeof info) > 0) interrupted();
                        });
  }
  void unwatch() { watch_.reset(); }
  /// Readable once a signal has come; for whoever polls instead.
  int fd() const { return fd_.get(); }

 private:
  sigset_t signals_{};
  UniqueFd fd_;
  std::unique_ptr<EventLoop::Watch> watch_;
};

}  // namespace toolpost
