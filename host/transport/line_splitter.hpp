#pragma once
// Cuts a byte stream into lines that a JSON reader with padding can read in place. Bounded: a longer line is reported
// once and skipped without being kept. Pure.

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace toolpost {

class LineSplitter {
 public:
  struct Events {
    std::function<void(std::string_view line)> line;  // without its end; at least 64 readable bytes follow it
    std::function<void()> oversize;
  };

  LineSplitter(std::uint64_t line_bytes_max, Events events);

  /// Room for at least `size` bytes to be read into; then tell how many came.
  char* prepare(std::size_t size);
  void commit(std::size_t size);
  /// Bytes of a line that has not ended yet; at the end of input they are a half-finished message.
  std::size_t unfinished() const { return end_ - begin_; }

 private:
  static constexpr std::size_t kPadding = 64;
  const std::uint64_t line_bytes_max_;
  Events events_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;    // of the unfinished line
  std::size_t scanned_ = 0;  // no newline before this
  std::size_t end_ = 0;
  bool skipping_ = false;
};

}  // namespace toolpost
