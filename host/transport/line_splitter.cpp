#include "transport/line_splitter.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace toolpost {

LineSplitter::LineSplitter(std::uint64_t line_bytes_max, Events events)
    : line_bytes_max_(line_bytes_max), events_(std::move(events)) {}

char* LineSplitter::prepare(std::size_t size) {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    scanned_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() < end_ + size + kPadding) buffer_.resize(std::max(buffer_.size() * 2, end_ + size + kPadding));
  return buffer_.data() + end_;
}

void LineSplitter::commit(std::size_t size) {
  end_ += size;
  while (scanned_ < end_) {
    const void* newline = std::memchr(buffer_.data() + scanned_, '\n', end_ - scanned_);
    if (newline == nullptr) {
      scanned_ = end_;
      break;
    }
    std::size_t stop = static_cast<std::size_t>(static_cast<const char*>(newline) - buffer_.data());
    const std::size_t next = stop + 1;
    if (stop > begin_ && buffer_[stop - 1] == '\r') --stop;
    const std::string_view line(buffer_.data() + begin_, stop - begin_);
    const bool skip = std::exchange(skipping_, false);
    begin_ = scanned_ = next;
    if (skip || line.find_first_not_of(" \t") == std::string_view::npos) continue;
    if (line.size() > line_bytes_max_) {
      events_.oversize();
    } else {
      events_.line(line);
    }
  }
  if (end_ - begin_ > line_bytes_max_) {
    if (!std::exchange(skipping_, true)) events_.oversize();
    begin_ = scanned_ = end_;
  } else if (skipping_) {
    begin_ = scanned_ = end_;
  }
}

}  // namespace toolpost
