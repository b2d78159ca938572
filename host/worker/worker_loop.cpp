#include <ctime>
#include <deque>
#include <string>

#include <unistd.h>

#include "worker/frame.hpp"
#include "worker/plugin_module.hpp"
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
// Finished turns wait for company at most this long, so a batch costs one write and nobody waits noticeably.
constexpr std::int64_t kBatchNs = 200'000;
constexpr std::size_t kBatchBytes = 32 << 10;

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

class Worker {
 public:
  Worker(const SpawnRequest& request, StatusMapping page) : request_(request), page_(std::move(page)) {}

  [[noreturn]] void run() {
    for (;;) {
      if (reader_.read(kSocket) != ReadState::packet) _exit(0);  // the host is gone or talks nonsense
      for (const Frame& frame : reader_.frames()) handle(frame);
      flush();
    }
  }

  void send(FrameType type, std::uint64_t number, std::string_view payload) {
    if (!writer_.add(type, number, payload)) _exit(4);
  }
  void flush() {
    if (!writer_.empty() && writer_.flush(kSocket) != SendState::done) _exit(0);
    pending_since_ = 0;
  }

 private:
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
    const std::int64_t now = monotonic_ns();
    if (pending_since_ != 0 && (now - pending_since_ > kBatchNs || writer_.bytes() > kBatchBytes)) flush();
    number_ = frame.number;
    page_->started.store(frame.number);
    page_->started_at_ns.store(now);
    TurnOutput output;
    // Read after `started` is written: the host writes here first and reads `started` second, so one of us
    // sees it.
    if (page_->revoked_from.load() <= frame.number) {
      output.end = TurnEnd::skipped;
    } else if (const auto input = decode_turn_input(frame.payload)) {
      const auto cancelled = [](void* self) {
        auto* worker = static_cast<Worker*>(self);
        return worker->page_->cancelled.load() == worker->number_;
      };
      output = run_turn(module_->table(), module_->instance(), *input, limits_, cancelled, this);
    } else {
      _exit(4);
    }
    bytes_.clear();
    encode(output, bytes_);
    send(FrameType::turn_done, frame.number, bytes_);
    if (pending_since_ == 0) pending_since_ = monotonic_ns();
  }

  const SpawnRequest& request_;
  StatusMapping page_;
  const TurnRunnerLimits limits_{request_.output_bytes_max, request_.effects_max, request_.log_lines_max,
                                 4096};
  FrameReader reader_{kInputMax};
  FrameWriter writer_;
  std::unique_ptr<PluginModule> module_;
  std::string bytes_;
  std::uint64_t number_ = 0;
  std::int64_t pending_since_ = 0;
};

}  // namespace

void run_worker(const SpawnRequest& request, const std::vector<sock_filter>& seccomp_program) {
  auto page = StatusMapping::map(kPage);
  close(kPage);
  const SandboxLimits limits{request.memory_bytes_max, request.files_max, request.file_bytes_max};
  const auto level = enter_sandbox(request.level_max, limits, {request.plugin}, seccomp_program);
  if (!page || !level) _exit(3);
  Worker worker(request, std::move(*page));
  const char byte = static_cast<char>(*level);
  worker.send(FrameType::sandboxed, 0, {&byte, 1});
  worker.flush();
  worker.run();
}

}  // namespace toolpost
