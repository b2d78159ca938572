#pragma once
// How many attempts of one resolved provider run at once, who waits for a place, and whether the upstream has
// asked for a pause (Retry-After); all of it together with other hosts where they share the provider. Not for
// health: a failing provider is the breaker's matter.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.hpp"
#include "policy/id_table.hpp"
#include "policy/offer.hpp"
#include "policy/shared_provider.hpp"

namespace toolpost {

struct ProviderGateSettings {
  std::string section;                // where the operator sets it, e.g. "providers.glm"
  std::uint32_t concurrency_max = 8;  // attempts at once; 1..10,000
  std::uint32_t queue_size_max = 64;  // waiting attempts; 0 refuses instead of waiting, ..10,000
  Millis attempt_min{2'000};          // retry.attempt_min_ms: none starts with less time left
};

class ProviderGateCore {
 public:
  /// Longest pause that is taken at its word; after it one attempt finds out anew.
  static constexpr Millis closed_max{3'600'000};

  /// `shared` with other hosts, or null; borrowed.
  explicit ProviderGateCore(ProviderGateSettings settings, SharedProvider* shared = nullptr);
  /// Gives back the places of what still runs.
  ~ProviderGateCore();
  ProviderGateCore(const ProviderGateCore&) = delete;
  ProviderGateCore& operator=(const ProviderGateCore&) = delete;

  /// `attempt` is a new id; `call` is whom it serves. Refusals: rate_limited or shed with retry_after,
  /// deadline when too little is left, internal when the id is in use.
  Offer offer(std::uint64_t attempt, std::uint64_t call, Deadline deadline, TimePoint now);
  /// A running attempt ended. Returns the attempts that run now instead: those of the calls that have the
  /// fewest places first, and of them whoever waits longest. So a call that asks eight models at once holds
  /// up no other, and has a place itself in its turn.
  std::vector<std::uint64_t> release(std::uint64_t attempt, TimePoint now);
  /// Takes a waiting attempt out; false if it does not wait (any more).
  bool withdraw(std::uint64_t attempt);
  /// The attempts whose wait is over; each is reported once.
  std::vector<ExpiredWait> expire(TimePoint now);
  /// The attempts that run because a pause has ended, or another host gave a place back.
  std::vector<std::uint64_t> admit_waiting(TimePoint now);
  /// When a waiter expires, the first one may run after a pause, or it is time to look for a place that
  /// another host held: then call expire() and admit_waiting().
  std::optional<TimePoint> next_wake() const;

  /// The upstream asked to wait: nothing starts before. A shorter wish does not shorten a longer one; 0 does
  /// nothing.
  void pause(Duration retry_after, TimePoint now);
  /// The upstream has too many of ours at once, says this attempt, which still runs: allows one less than run
  /// now, at least one. Further attempts of the same burst change nothing.
  void lower_concurrency(std::uint64_t attempt, TimePoint now);
  /// A success; as many as may run at once raise a lowered concurrency by one again.
  void succeeded();

  std::uint32_t running() const { return static_cast<std::uint32_t>(running_.size()); }
  std::uint32_t waiting() const { return static_cast<std::uint32_t>(queue_.size()); }
  std::uint32_t queue_size_max() const { return settings_.queue_size_max; }
  std::uint32_t concurrency() const { return concurrency_; }
  bool paused(TimePoint now) const { return now < closed_until_; }

 private:
  struct Waiter {
    std::uint64_t id;
    std::uint64_t call;
    TimePoint since;
    TimePoint expiry;  // the deadline less attempt_min
  };

  struct Running {
    std::uint64_t call;
    TimePoint since;
  };

  /// Whose turn it is; the end when nobody waits who has the time left.
  std::deque<Waiter>::iterator next_waiter(TimePoint now);
  void run(std::uint64_t attempt, std::uint64_t call, TimePoint now);
  /// Hears what other hosts have learned.
  void learn(TimePoint now);
  bool take_place(TimePoint now);
  /// Waits for a place until the next look, and lets other hosts know.
  void look_later(TimePoint now);
  void tell_waiting();
  Duration expected_wait(TimePoint now) const;
  std::string full_limit(TimePoint now) const;

  const ProviderGateSettings settings_;
  SharedProvider* const shared_;
  std::uint32_t concurrency_;    // 1..concurrency_max
  std::uint32_t successes_ = 0;  // since concurrency_ changed last
  IdTable<Running> running_;
  std::unordered_map<std::uint64_t, std::uint32_t> places_;  // by call; only of those that run
  std::deque<Waiter> queue_;  // in order of arrival; bounded by queue_size_max, so that searching it is cheap
  ServiceTime service_;
  TimePoint closed_until_ = TimePoint::min();
  TimePoint lowered_at_ = TimePoint::min();
  bool others_hold_all_ = false;  // when a place was last looked for
  TimePoint look_at_ = TimePoint::min();
};

}  // namespace toolpost
