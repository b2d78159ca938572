#include <chrono>
#include <condition_variable>
#include <ctime>
#include <deque>
#include <string>
#include <thread>

#include <sys/resource.h>
#include <unistd.h>

#include "base/guarded_mutex.hpp"
#include "worker/frame.hpp"
#include "worker/plugin_module.hpp"
#include "worker/refused_calls.hpp"
#include "worker/sandbox.hpp"
#include "worker/status_page.hpp"
#include "worker/turn_runner.hpp"
#include "worker/worker_process.hpp"

namespace toolpost {
namespace {

constexpr int kSocket = 3;
constexpr int kPage = 4;
// A turn's input holds the whole journal; twice turns.journal_bytes_max at its largest, as a backstop only.
constexpr std::uint64_t kInputMax = 2ull << 30;
// Finished turns wait for company, so that a batch costs one write, but not for long: the next turn may
// compute for seconds, and may never end. A thread of its own looks this often, and sends what it has seen
// before.
constexpr std::chrono::microseconds kLookEvery{200};
// Without anything to see it looks so often before it sleeps: to wake it costs more than a look.
constexpr int kIdleLooks = 50;
constexpr std::size_t kBatchBytes = 32 << 10;

/// Frames on their way to the host.
class Outbox {
 public:
  Outbox() {
    std::thread([this] { watch(); }).detach();  // ends with the process
  }
  void add(FrameType type, std::uint64_t number, std::string_view payload) {
    const MutexLock lock(mutex_);
    if (!writer_.add(type, number, payload)) _exit(4);
    if (writer_.bytes() > kBatchBytes) send();
  }
  /// Plugin code is about to run: what is here already is sent soon, however long that code runs.
  void watch_over() {
    const MutexLock lock(mutex_);
    if (writer_.empty() || watched_) return;
    watched_ = true;
    begun_.notify_one();
  }
  void flush() {
    const MutexLock lock(mutex_);
    send();
  }

 private:
  void send() TOOLPOST_REQUIRES(mutex_) {
    if (writer_.empty()) return;
    if (writer_.flush(kSocket) != SendState::done) _exit(0);
    ++batch_;
  }
  [[noreturn]] void watch() {
    mutex_.lock();
    for (;;) {
      while (!watched_) mutex_.wait(begun_);
      std::uint64_t seen = UINT64_MAX;
      for (int idle = 0; idle < kIdleLooks; ++idle) {
        mutex_.unlock();
        std::this_thread::sleep_for(kLookEvery);
        mutex_.lock();
        if (writer_.empty()) continue;
        idle = 0;
        if (seen == batch_) send();
        seen = batch_;
      }
      watched_ = false;
    }
  }

  Mutex mutex_;
  std::condition_variable begun_;
  FrameWriter writer_ TOOLPOST_GUARDED_BY(mutex_);
  std::uint64_t batch_ TOOLPOST_GUARDED_BY(mutex_) = 0;  // of what the writer holds
  bool watched_ TOOLPOST_GUARDED_BY(mutex_) = false;
};

// A look costs a system call, so not every turn gets one; a leak that matters shows in sixteen.
constexpr std::uint64_t kTurnsPerLook = 16;

std::uint64_t peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

class Worker final : private TurnListener {
 public:
  Worker(const SpawnRequest& request, StatusMapping page) : request_(request), page_(std::move(page)) {}

  [[noreturn]] void run() {
    for (;;) {
      ReadState state = ReadState::nothing;
      if (page_->sent.load() > number_) state = reader_.read(kSocket, false);
      if (state == ReadState::nothing) {
        flush();
        state = reader_.read(kSocket);
      }
      if (state != ReadState::packet) _exit(0);  // the host is gone or talks nonsense
      for (const Frame& frame : reader_.frames()) handle(frame);
    }
  }

  void send(FrameType type, std::uint64_t number, std::string_view payload) {
    outbox_.add(type, number, payload);
  }
  void flush() { outbox_.flush(); }

 private:
  bool is_cancelled() override { return page_->cancelled.load() == number_; }
  void on_foreign_handle() override {
    page_->refused[static_cast<std::size_t>(RefusedPower::handles)].fetch_add(1);
  }

  void handle(const Frame& frame) {
    if (frame.type == FrameType::load) {
      auto module = PluginModule::load(request_.plugin, frame.payload);
      if (module) {
        module_ = std::move(*module);
        send(FrameType::ready, 0, {});
      } else {
        send(FrameType::load_failed, 0, module.error().message);
      }
      flush();
    } else if (frame.type == FrameType::turn && module_) {
      turn(frame);
    } else {
      _exit(4);
    }
  }

  void turn(const Frame& frame) {
    outbox_.watch_over();
    number_ = frame.number;
    page_->started.store(frame.number);
    page_->started_at_ns.store(monotonic_ns());
    TurnOutput output;
    // Read after `started` is written: the host writes here first and reads `started` second, so one of us
    // sees it.
    if (page_->revoked_from.load() <= frame.number) {
      output.end = TurnEnd::skipped;
    } else if (const auto input = decode_turn_input(frame.payload)) {
      output = run_turn(module_->table(), module_->instance(), *input, limits_, this);
    } else {
      _exit(4);
    }
    bytes_.clear();
    encode(output, bytes_);
    if (frame.number % kTurnsPerLook == 1) page_->peak_bytes.store(peak_bytes());
    send(FrameType::turn_done, frame.number, bytes_);
  }

  const SpawnRequest& request_;
  StatusMapping page_;
  const TurnRunnerLimits limits_{request_.output_bytes_max, request_.effects_max, request_.log_lines_max,
                                 4096};
  FrameReader reader_{kInputMax};
  Outbox outbox_;
  std::unique_ptr<PluginModule> module_;
  std::string bytes_;
  std::uint64_t number_ = 0;
};

}  // namespace

void run_worker(const SpawnRequest& request, const std::vector<sock_filter>& seccomp_program) {
  auto page = StatusMapping::map(kPage);
  close(kPage);
  const SandboxLimits limits{request.memory_bytes_max, request.files_max, request.file_bytes_max};
  if (!page || !count_refused_calls((*page)->refused.data())) _exit(3);
  const auto level = enter_sandbox(request.level_max, limits, {request.plugin}, seccomp_program);
  if (!level) _exit(3);
  Worker worker(request, std::move(*page));
  const char byte = static_cast<char>(*level);
  worker.send(FrameType::sandboxed, 0, {&byte, 1});
  worker.flush();
  worker.run();
}

}  // namespace toolpost
