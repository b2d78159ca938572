#pragma once
// Time inside the host: one monotonic clock, absolute deadlines, and the seam that tests replace.
// Not for wall-clock dates (telemetry writes those) and not for waiting (EventLoop does).

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

namespace toolpost {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::steady_clock::time_point;
using Millis = std::chrono::milliseconds;

/// Where time comes from. Nothing else in the host reads a clock.
class TimeSource {
 public:
  virtual ~TimeSource() = default;
  virtual TimePoint now() const = 0;
  /// Milliseconds since 1970, for what people and plugins read; never for deadlines.
  virtual std::int64_t wall_ms() const {
    return std::chrono::duration_cast<Millis>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
};

class SystemTime final : public TimeSource {
 public:
  TimePoint now() const override { return std::chrono::steady_clock::now(); }
};

/// Virtual time for tests and the simulator; it moves only when told to.
class ManualTime final : public TimeSource {
 public:
  TimePoint now() const override { return now_; }
  std::int64_t wall_ms() const override { return to_wall_ms(now_); }
  void advance(Duration step) { now_ += step; }

 private:
  // 2026-01-01 at the start of virtual time.
  static std::int64_t to_wall_ms(TimePoint at) {
    return 1'767'225'600'000 + std::chrono::duration_cast<Millis>(at.time_since_epoch()).count();
  }
  TimePoint now_{std::chrono::hours(1)};
};

/// The moment by which something must have been answered. At or past it, it is expired; there is no "never".
class Deadline {
 public:
  explicit Deadline(TimePoint at) : at_(at) {}

  TimePoint at() const { return at_; }
  Duration remaining(TimePoint now) const { return at_ - now; }
  bool expired(TimePoint now) const { return now >= at_; }

  /// A child's deadline: its own ceiling from `now`, but never later than `reserve` before this one.
  Deadline child(TimePoint now, Duration ceiling, Duration reserve) const {
    return Deadline(std::min(at_ - reserve, now + ceiling));
  }

 private:
  TimePoint at_;
};

/// Whole milliseconds, rounded down; what goes on wires and into messages.
inline long long to_ms(Duration duration) {
  return std::chrono::duration_cast<Millis>(duration).count();
}

/// The same with its unit, for messages.
inline std::string ms_text(Duration duration) {
  return std::to_string(to_ms(duration)) + " ms";
}

}  // namespace toolpost
