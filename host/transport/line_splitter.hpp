#pragma once
// Cuts a byte stream into lines. Readers fill its buffer directly, lines are views into it, and each has the
// readable bytes behind it that simdjson wants. Knows nothing of descriptors or JSON.

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace toolpost {

/// Use: space(), read into it, filled(), then next() until `none`. Every byte is moved at most a constant
/// number of times on average. Threads: one at a time.
class LineSplitter {
 public:
  static constexpr std::size_t kPadding = 64;

  enum class Found {
    none,  // no further whole line yet
    line,
    oversize,  // a line passed the limit; said once, then it is skipped without being kept
  };

  /// `line_bytes_max` counts a line without its newline or CRLF.
  explicit LineSplitter(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

  /// At least `bytes` to write into. Invalidates lines handed out. Call only after next() said `none`.
  std::span<char> space(std::size_t bytes);
  void filled(std::size_t bytes);

  /// `line` stays valid until space(), is never empty, and has kPadding readable bytes behind it.
  Found next(std::string_view& line);

  /// Bytes of a line whose newline has not come. At the end of input: what gets lost.
  std::size_t unfinished_bytes() const { return end_ - start_; }

 private:
  void resize(std::size_t capacity);
  Found check_unfinished();

  const std::size_t line_bytes_max_;
  std::unique_ptr<char[]> buffer_;  // capacity_ + kPadding bytes
  std::size_t capacity_ = 0;
  std::size_t start_ = 0;     // first byte not handed out
  std::size_t searched_ = 0;  // no newline between start_ and here
  std::size_t end_ = 0;       // past the last byte filled
  bool skipping_ = false;     // inside a line that was reported as oversize
};

}  // namespace toolpost
