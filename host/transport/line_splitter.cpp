#include "transport/line_splitter.hpp"

#include <algorithm>
#include <cstring>

namespace toolpost {
namespace {

constexpr std::size_t kKeptMax = std::size_t{1} << 20;  // a buffer grown past this is given back when empty

}  // namespace

void LineSplitter::resize(std::size_t capacity) {
  std::unique_ptr<char[]> grown(new char[capacity + kPadding]);
  const std::size_t kept = end_ - start_;
  if (kept > 0) std::memcpy(grown.get(), buffer_.get() + start_, kept);
  // The padding of the last line may be read before it is ever written.
  std::memset(grown.get() + kept, 0, capacity + kPadding - kept);
  buffer_ = std::move(grown);
  capacity_ = capacity;
  searched_ -= start_;
  end_ = kept;
  start_ = 0;
}

std::span<char> LineSplitter::space(std::size_t bytes) {
  if (start_ == end_) {
    start_ = searched_ = end_ = 0;
    if (capacity_ > std::max(kKeptMax, bytes)) resize(bytes);
  }
  const std::size_t kept = end_ - start_;
  if (capacity_ - end_ < bytes) {
    // Moving costs `kept` and is paid for by the `start_` bytes handed out since the last move; else double.
    if (start_ >= kept && capacity_ - kept >= bytes) {
      std::memmove(buffer_.get(), buffer_.get() + start_, kept);
      searched_ -= start_;
      start_ = 0;
      end_ = kept;
    } else {
      resize(std::max(capacity_ * 2, kept + bytes));
    }
  }
  return {buffer_.get() + end_, capacity_ - end_};
}

void LineSplitter::filled(std::size_t bytes) {
  end_ += bytes;
}

LineSplitter::Found LineSplitter::next(std::string_view& line) {
  while (searched_ < end_) {
    const char* begin = buffer_.get();
    const void* newline = std::memchr(begin + searched_, '\n', end_ - searched_);
    if (newline == nullptr) {
      searched_ = end_;
      return check_unfinished();
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(newline) - begin);
    std::string_view found(begin + start_, at - start_);
    start_ = searched_ = at + 1;
    if (skipping_) {
      skipping_ = false;
      continue;
    }
    if (!found.empty() && found.back() == '\r') found.remove_suffix(1);
    if (found.empty()) continue;
    if (found.size() > line_bytes_max_) return Found::oversize;
    line = found;
    return Found::line;
  }
  return Found::none;
}

// The same answer for every way the input may be cut: a line of the maximal length may still end in CRLF.
LineSplitter::Found LineSplitter::check_unfinished() {
  if (skipping_) {
    start_ = end_;
    return Found::none;
  }
  const std::size_t length = end_ - start_;
  const bool may_be_crlf = length == line_bytes_max_ + 1 && buffer_[end_ - 1] == '\r';
  if (length <= line_bytes_max_ || may_be_crlf) return Found::none;
  skipping_ = true;
  start_ = end_;
  return Found::oversize;
}

}  // namespace toolpost
