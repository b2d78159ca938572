#pragma once
// What the two queues of the policies (admission, provider gate) answer. Every id that was offered ends
// exactly once: refused here, admitted (here or later), expired, or withdrawn.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/time.hpp"

namespace toolpost {

enum class OfferOutcome : unsigned char { admitted, queued, refused };

struct Offer {
  OfferOutcome outcome = OfferOutcome::admitted;
  std::optional<Error> refusal;  // set exactly when refused

  static Offer refused(Error error) { return {OfferOutcome::refused, std::move(error)}; }
};

/// A waiter whose time in the queue is over.
struct ExpiredWait {
  std::uint64_t id;
  Error error;
};

/// A moving average of how long things took; the newest counts for an eighth.
class ServiceTime {
 public:
  void add(Duration took) {
    took = std::max(took, Duration{0});
    average_ = known_ ? average_ + (took - average_) / 8 : took;
    known_ = true;
  }
  /// 0 before the first sample: an unknown wait refuses nobody.
  Duration average() const { return average_; }

  /// How long until `ahead` others and then this one have started, when `servers` run at once.
  Duration wait(std::uint64_t ahead, std::uint64_t servers) const {
    // At most 24 h, the longest that anything lives here, so that no product overflows.
    const double nanoseconds = static_cast<double>(average_.count()) * static_cast<double>(ahead + 1) /
                               static_cast<double>(std::max<std::uint64_t>(servers, 1));
    return Duration{static_cast<Duration::rep>(std::min(nanoseconds, 86'400e9))};
  }

 private:
  Duration average_{0};
  bool known_ = false;
};

/// An advice that makes sense to a client: never 0, which would mean "no advice".
inline Millis retry_hint(Duration wait) {
  return std::max(std::chrono::ceil<Millis>(wait), Millis{100});
}

}  // namespace toolpost
