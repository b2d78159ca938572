#pragma once
// Where people's log lines go: a descriptor, usually 2, that is never waited for. A client that does not read
// our standard error must not stop the host, so lines that do not fit into its pipe are dropped and counted.

#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <cstdint>
#include <mutex>

namespace toolpost {

class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  /// Borrows `fd`. Lines are cut at PIPE_BUF, the most that a writable pipe takes without blocking.
  explicit StderrSink(int fd) : fd_(fd) {}
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  const int fd_;
  std::atomic<std::uint64_t> lost_{0};
};

}  // namespace toolpost
