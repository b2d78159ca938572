#pragma once
// Ctrl-C, SIGTERM and other signals as events, for a command that has something to put in order first.

#include <sys/signalfd.h>

#include <csignal>
#include <functional>
#include <initializer_list>
#include <memory>

#include "base/event_loop.hpp"
#include "base/unique_fd.hpp"

namespace toolpost {

/// Made before any thread and any child is there: they inherit that the signals are blocked, and one that did
/// not block them would take them, and end the process with them. Threads: the loop's.
class Interruption {
 public:
  static constexpr int kExitStatus = 130;  // as a shell tells of SIGINT

  Interruption() : Interruption({SIGINT, SIGTERM}) {}
  explicit Interruption(std::initializer_list<int> signals) {
    sigset_t taken;
    sigemptyset(&taken);
    for (const int signal : signals) sigaddset(&taken, signal);
    pthread_sigmask(SIG_BLOCK, &taken, nullptr);
    fd_.reset(signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
  }

  /// Calls `interrupted` with each signal, as long as this and the loop live.
  void watch(EventLoop& loop, std::function<void(int signal)> interrupted) {
    watch_ = loop.watch(fd_.get(), EventLoop::Interest::read,
                        [this, interrupted = std::move(interrupted)](EventLoop::Interest) {
                          signalfd_siginfo info;
                          if (read(fd_.get(), &info, sizeof info) > 0)
                            interrupted(static_cast<int>(info.ssi_signo));
                        });
  }
  void unwatch() { watch_.reset(); }
  /// Readable once a signal has come; for whoever polls instead.
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
  std::unique_ptr<EventLoop::Watch> watch_;
};

}  // namespace toolpost
