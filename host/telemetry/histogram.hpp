#pragma once
// Durations counted in fixed buckets. Not for anything that may be negative in earnest.

#include <array>
#include <cstdint>
#include <span>

#include "base/time.hpp"

namespace toolpost {

/// A bound belongs to its bucket; negative durations count as zero.
class Histogram {
 public:
  static constexpr std::size_t kBoundsMax = 16;
  /// `bounds` ascending, at most kBoundsMax. Lifetime: borrowed, static.
  explicit Histogram(std::span<const double> bounds) : bounds_(bounds) {}

  void observe(Duration duration);
  std::uint64_t count() const;
  std::span<const double> bounds() const { return bounds_; }  // seconds
  std::uint64_t in_bucket(std::size_t i) const {
    return buckets_[i];
  }  // not cumulative; the last has no bound
  double sum() const { return sum_; }  // seconds

 private:
  std::span<const double> bounds_;
  std::array<std::uint64_t, kBoundsMax + 1> buckets_{};
  double sum_ = 0;
};

}  // namespace toolpost
