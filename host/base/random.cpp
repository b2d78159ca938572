#include "base/random.hpp"

#include <sys/random.h>

#include <cstdio>
#include <stdexcept>

namespace toolpost {

std::string RandomSource::id() {
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(next()),
                static_cast<unsigned long long>(next()));
  return text;
}

std::uint64_t SystemRandom::next() {
  if (left_ == 0) {
    // 256 bytes are always returned whole (getrandom(2)), so anything else is a broken kernel.
    if (getrandom(buffer_, sizeof buffer_, 0) != static_cast<ssize_t>(sizeof buffer_)) {
      throw std::runtime_error("getrandom failed");
    }
    left_ = sizeof buffer_ / sizeof buffer_[0];
  }
  return buffer_[--left_];
}

std::uint64_t SeededRandom::next() {
  state_ += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace toolpost
