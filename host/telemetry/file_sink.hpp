#pragma once
// Where the log's JSON lines go: a file that is the owner's alone and is rotated. A disk that is full, or a
// file that cannot be opened again, loses lines and counts them; the next lines try anew. Never throws, never
// sleeps.

#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"
#include "config/settings.hpp"

namespace toolpost {

class FileSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FileSink(const LogSettings& settings);
  /// Once, before the first line; makes missing folders. 0 or an errno.
  int open();
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override;

 private:
  std::string old_name(std::uint64_t number) const;
  int open_file();
  std::size_t write(std::string_view bytes);
  void rotate();

  const std::string file_;
  const std::uint64_t bytes_max_;
  const std::uint64_t old_files_max_;
  UniqueFd fd_;
  bool anew_ = false;       // what the file still holds when it is opened next is to go
  bool torn_ = false;       // its last line is not whole
  std::uint64_t size_ = 0;  // of the file
  std::string unwritten_;   // whole lines
  std::atomic<std::uint64_t> lost_{0};
};

}  // namespace toolpost
