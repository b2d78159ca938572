#pragma once
// Which calls run now, which wait, and which are refused at once: limits for all, per owner and per plugin,
// and one bounded queue that is fair between owners. Not for provider attempts (provider_gate_core.hpp).

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "config/settings.hpp"
#include "policy/id_table.hpp"
#include "policy/offer.hpp"

namespace toolpost {

/// Owners take turns, the least recently served first; inside an owner the oldest call first. A call that its
/// owner's or plugin's limit holds back is passed over. At rest no waiting call could run.
class AdmissionCore {
 public:
  /// A call with less than `start_min` left is not worth starting; pass less where whole calls are shorter.
  explicit AdmissionCore(const AdmissionSettings& settings, Duration start_min = Millis{250});

  /// Overrides admission.plugin_calls_max. `setting` is how the operator wrote it. Before the plugin's first
  /// call.
  void set_plugin_limit(std::uint32_t plugin, std::uint32_t calls_max, std::string setting);

  /// `call` is a new id; `owner` and `plugin` count up from 0, as memory grows with the largest of each.
  /// Refusals: shed with retry_after, deadline when it has passed already, internal when the id is in use.
  Offer offer(std::uint64_t call, std::uint32_t owner, std::uint32_t plugin, Deadline deadline,
              TimePoint now);
  /// A running call ended. Returns the calls that run now instead; unknown and waiting ids change nothing.
  std::vector<std::uint64_t> release(std::uint64_t call, TimePoint now);
  /// Takes a waiting call out; false if it does not wait (any more).
  bool withdraw(std::uint64_t call);
  /// The calls whose wait is over, with shed or deadline errors; each is reported once and then forgotten.
  std::vector<ExpiredWait> expire(TimePoint now);
  /// When to call expire() next; may lie in the past.
  std::optional<TimePoint> next_expiry() const;

  std::uint32_t running() const { return running_; }
  std::uint32_t waiting() const { return waiting_; }

 private:
  static constexpr std::uint32_t none = ~0u;

  enum class State : unsigned char {
    waiting,
    due,
    running
  };  // due: its wait is over, expire() has not told so yet
  enum class Limit : unsigned char { calls, owner_calls, plugin_calls };

  struct Call {  // running or waiting, in calls_; free ones are chained by `next`
    std::uint64_t id = 0;
    std::uint64_t number = 0;  // order of arrival
    std::uint32_t owner = 0;
    std::uint32_t plugin = 0;
    std::uint32_t previous = none;  // neighbours in the lane
    std::uint32_t next = none;
    State state = State::waiting;
    Limit held_by = Limit::calls;  // while waiting
    TimePoint since{};             // start of running, or of waiting
    TimePoint expiry{};            // of waiting
    Deadline deadline{TimePoint{}};
  };
  struct Lane {  // waiting calls of one owner for one plugin, oldest first
    std::uint32_t plugin;
    std::uint32_t head;
    std::uint32_t tail;
  };
  struct Owner {
    std::uint32_t running = 0;
    std::uint32_t waiting = 0;
    std::uint64_t turn = 0;  // of being served last, or of starting to wait; the lowest is next
    std::vector<Lane> lanes;
  };
  struct Ready {  // the head of a lane whose owner has room
    std::uint64_t turn;
    std::uint64_t number;
    std::uint32_t call;
    auto operator<=>(const Ready&) const = default;
  };
  struct Plugin {
    std::uint32_t running = 0;
    std::uint32_t waiting = 0;
    std::optional<std::pair<std::uint32_t, std::string>> limit;
    ServiceTime service;
    std::set<Ready> ready;
  };

  Owner& owner_at(std::uint32_t owner);
  Plugin& plugin_at(std::uint32_t plugin);
  std::uint32_t plugin_calls_max(const Plugin& plugin) const;
  bool has_room(const Owner& owner, const Plugin& plugin) const;
  Duration expected_wait(const Owner& owner, const Plugin& plugin) const;
  Limit full_limit(const Owner& owner, const Plugin& plugin) const;
  std::string limit_text(Limit limit, const Plugin& plugin) const;
  std::optional<Error> refuse_wait(const Owner& owner, const Plugin& plugin, Deadline deadline,
                                   TimePoint now) const;

  std::uint32_t take_record(std::uint64_t id, std::uint32_t owner, std::uint32_t plugin, Deadline deadline);
  void drop_record(std::uint32_t call);
  void start(std::uint32_t call, TimePoint now);
  void enqueue(std::uint32_t call, TimePoint now);
  void dequeue(std::uint32_t call);
  void list_ready(Owner& owner);
  void unlist_ready(Owner& owner);
  void set_aside_due(TimePoint now);
  std::optional<std::uint32_t> pick() const;
  ExpiredWait expired(const Call& call, TimePoint now) const;

  const AdmissionSettings settings_;
  const Duration start_min_;

  std::vector<Call> calls_;
  std::uint32_t free_ = none;
  IdTable<std::uint32_t> index_;  // id to position in calls_
  std::vector<Owner> owners_;
  std::vector<Plugin> plugins_;
  std::set<std::pair<TimePoint, std::uint32_t>> expiries_;
  std::vector<std::uint32_t> due_;  // out of the queue, not yet reported by expire()
  ServiceTime service_;
  std::uint64_t arrivals_ = 0;
  std::uint64_t turns_ = 0;
  std::uint32_t running_ = 0;
  std::uint32_t waiting_ = 0;
  std::uint32_t waiting_owners_ = 0;
};

}  // namespace toolpost
