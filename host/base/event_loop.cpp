#include "base/event_loop.hpp"

#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <thread>
#include <vector>

#include "base/guarded_mutex.hpp"

namespace toolpost {
namespace asio = boost::asio;

class EventLoop::Shell {
 public:
  void arm() {
    const auto next = timers.next();
    if (!next || (armed && armed_for <= *next)) return;  // an early wake-up is harmless and re-arms
    armed = true;
    armed_for = *next;
    timer.expires_at(*next);
    timer.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      armed = false;
      now = std::chrono::steady_clock::now();
      // A bound per round, so that a timer that re-arms itself for the past cannot starve descriptors.
      for (int fired = 0; fired < 1024; ++fired) {
        auto task = timers.take_due(now);
        if (!task) break;
        (*task)();
      }
      arm();
    });
  }

  void post(Task task) {
    bool first = false;
    {
      const MutexLock lock(mutex);
      first = posted.empty();
      posted.push_back(std::move(task));
    }
    // The loop's own thread looks before its round ends.
    if (first && std::this_thread::get_id() != thread.load()) wake();
  }
  void run_posted() {
    {
      const MutexLock lock(mutex);
      running.swap(posted);
    }
    if (running.empty()) return;
    now = std::chrono::steady_clock::now();
    for (Task& task : running) task();
    running.clear();
  }
  /// What tasks and hooks posted is for another round, so that descriptors and timers take turns with it.
  void wake_for_posted() {
    const MutexLock lock(mutex);
    if (!posted.empty()) wake();
  }
  void wake() {
    asio::post(io, [] {});
  }

  asio::io_context io{1};
  asio::steady_timer timer{io};
  TimerQueue timers;
  std::vector<Task> hooks;
  Mutex mutex;
  std::vector<Task> posted TOOLPOST_GUARDED_BY(mutex);
  std::vector<Task> running;
  std::atomic<std::thread::id> thread;  // that runs the loop
  TimePoint now = std::chrono::steady_clock::now();
  TimePoint armed_for{};
  bool armed = false;
};

namespace {

class AsioWatch final : public EventLoop::Watch {
 public:
  using Interest = EventLoop::Interest;

  // The descriptor is borrowed: it is released, never closed, when the watch goes. Handlers hold the
  // state, so a completion that arrives after the watch is gone finds it closed and does nothing.
  struct State {
    State(asio::io_context& io, std::function<void(Interest)> callback)
        : descriptor(io), ready(std::move(callback)) {}
    asio::posix::stream_descriptor descriptor;
    std::function<void(Interest)> ready;
    Interest interest = Interest::none;
    bool reading = false;
    bool writing = false;
    bool closed = false;
  };

  AsioWatch(asio::io_context& io, int fd, TimePoint& now, std::function<void(Interest)> ready,
            boost::system::error_code& error)
      : state_(std::make_shared<State>(io, std::move(ready))), now_(now) {
    error = state_->descriptor.assign(fd, error);
  }
  ~AsioWatch() override {
    state_->closed = true;
    if (state_->descriptor.is_open()) state_->descriptor.release();
  }

  void want(Interest interest) override {
    state_->interest = interest;
    if (interest == Interest::read || interest == Interest::read_write) read(state_, now_);
    if (interest == Interest::write || interest == Interest::read_write) write(state_, now_);
  }

 private:
  static void read(const std::shared_ptr<State>& state, TimePoint& now) {
    if (state->reading || state->closed) return;
    state->reading = true;
    state->descriptor.async_wait(
        asio::posix::stream_descriptor::wait_read, [state, &now](const boost::system::error_code& error) {
          state->reading = false;
          const bool wanted = state->interest == Interest::read || state->interest == Interest::read_write;
          if (error || state->closed || !wanted) return;
          now = std::chrono::steady_clock::now();
          state->ready(Interest::read);
          if (!state->closed &&
              (state->interest == Interest::read || state->interest == Interest::read_write)) {
            read(state, now);
          }
        });
  }
  static void write(const std::shared_ptr<State>& state, TimePoint& now) {
    if (state->writing || state->closed) return;
    state->writing = true;
    state->descriptor.async_wait(
        asio::posix::stream_descriptor::wait_write, [state, &now](const boost::system::error_code& error) {
          state->writing = false;
          const bool wanted = state->interest == Interest::write || state->interest == Interest::read_write;
          if (error || state->closed || !wanted) return;
          now = std::chrono::steady_clock::now();
          state->ready(Interest::write);
          if (!state->closed &&
              (state->interest == Interest::write || state->interest == Interest::read_write)) {
            write(state, now);
          }
        });
  }

  std::shared_ptr<State> state_;  // shared with completions in flight
  TimePoint& now_;
};

}  // namespace

EventLoop::EventLoop() : shell_(std::make_unique<Shell>()) {}
EventLoop::~EventLoop() = default;

TimePoint EventLoop::now() const {
  return shell_->now;
}

void EventLoop::post(Task task) {
  shell_->post(std::move(task));
}

TimerId EventLoop::at(TimePoint time, Task task) {
  const TimerId id = shell_->timers.add(time, std::move(task));
  shell_->arm();
  return id;
}

void EventLoop::cancel(TimerId& id) {
  shell_->timers.cancel(id);
}

std::unique_ptr<EventLoop::Watch> EventLoop::watch(int fd, Interest interest,
                                                   std::function<void(Interest)> ready) {
  // Asio takes what epoll refuses and then never reports it ready.
  struct stat status{};
  if (fstat(fd, &status) != 0 || S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) return nullptr;
  boost::system::error_code error;
  auto watch = std::make_unique<AsioWatch>(shell_->io, fd, shell_->now, std::move(ready), error);
  if (error) return nullptr;
  watch->want(interest);
  return watch;
}

void EventLoop::each_round(Task hook) {
  shell_->hooks.push_back(std::move(hook));
}

void EventLoop::run() {
  const auto work = asio::make_work_guard(shell_->io);
  if (shell_->io.stopped()) shell_->io.restart();
  shell_->thread = std::this_thread::get_id();
  const auto end_round = [this] {
    for (const Task& hook : shell_->hooks) hook();
    shell_->wake_for_posted();
  };
  end_round();  // what was asked for before the loop ran must not wait for an event
  while (!shell_->io.stopped()) {
    // One descriptor or timer a round: asking for more would ask the kernel twice, and whoever reads a
    // descriptor reads all of a batch.
    shell_->io.run_one();
    shell_->run_posted();
    end_round();
  }
  shell_->thread = std::thread::id();
}

void EventLoop::stop() {
  shell_->io.stop();
}

}  // namespace toolpost
