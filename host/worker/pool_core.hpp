#pragma once
// Supervises the workers of one plugin: who runs which turn, when to start, stop or kill one, what happens to
// turns whose worker died. Decides only: events in, actions out; the shell (worker_pool) owns processes and
// sockets.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"
#include "config/settings.hpp"
#include "worker/worker_quota.hpp"

namespace toolpost {

using WorkerId = std::uint64_t;
using TurnId = std::uint64_t;
using OwnerId = std::uint32_t;

/// Why a worker ended: killed by the host, but for the last two.
enum class EndReason {
  hung,
  not_ready,
  protocol,
  retired,
  load_failed,
  other_owner,
  shutdown,
  crashed,
  lost
};

struct SpawnWorker {
  WorkerId worker;
};
struct SendTurn {
  WorkerId worker;
  TurnId turn;
  std::uint64_t number;
};  // `number`: its place in this worker, from 1
struct RevokeTurns {
  WorkerId worker;
  std::uint64_t from;
};
struct KillWorker {
  WorkerId worker;
  EndReason reason;
};
struct FailTurn {
  TurnId turn;
  Error error;
  WorkerId worker = 0;  // which failed it; 0: none ever had it
};
/// A worker ended by its own fault, and no turn fails for it: it had none, or its turns run again.
struct ReportDeath {
  Error error;
  WorkerId worker;
};
using PoolAction = std::variant<SpawnWorker, SendTurn, RevokeTurns, KillWorker, FailTurn, ReportDeath>;

/// What the status page of a worker says, already clamped by the shell to what was sent.
struct WorkerClock {
  std::uint64_t started = 0;
  TimePoint started_at{};
};
using ReadClock = std::function<WorkerClock(WorkerId)>;

class PoolCore {
 public:
  /// `total` is shared by all pools and holds the number of live workers of the host.
  PoolCore(std::string plugin, const WorkerSettings& settings, Duration turn_max, std::uint32_t& total,
           std::string turn_max_setting = "turns.turn_max_ms")
      : plugin_(std::move(plugin)),
        settings_(settings),
        turn_max_(turn_max),
        turn_max_setting_(std::move(turn_max_setting)),
        total_(total) {}

  void submit(TurnId turn, OwnerId owner, TimePoint now);
  /// Starts a first worker before any turn asks for one, which also proves that the plugin loads.
  void warm(TimePoint now);
  /// The caller has gone. A turn not sent yet is forgotten; a running one ends by itself or at turn_max, and
  /// the returned place is where it can be told.
  struct Place {
    WorkerId worker;
    std::uint64_t number;
  };
  std::optional<Place> withdraw(TurnId turn);

  void on_ready(WorkerId worker, TimePoint now);
  void on_load_failed(WorkerId worker, const Error& why, TimePoint now);
  /// False when this worker owed no such turn: a protocol violation, unless the turn had been revoked.
  bool on_turn_done(WorkerId worker, std::uint64_t number, bool skipped, TimePoint now);
  /// The most memory it has held, in bytes, as it says itself. The first word of it is what later ones are
  /// measured against; a worker that has grown by more than workers.memory_growth_bytes_max retires.
  void on_peak(WorkerId worker, std::uint64_t bytes);
  /// `started` as the page said when it died; `how` for people ("signal 11").
  /// `outside`: killed, or never started, through no fault of the plugin.
  void on_died(WorkerId worker, std::uint64_t started, const std::string& how, TimePoint now,
               bool outside = false);
  /// It ended with the spawner: nobody's fault, so it counts neither as a crash while loading nor towards the
  /// crash loop. Only a turn that had begun is lost.
  void on_lost(WorkerId worker, std::uint64_t started, TimePoint now);
  void on_protocol_error(WorkerId worker, const std::string& what, TimePoint now);

  /// Turns wait, and nothing but workers.total_max keeps a worker from being started for them.
  bool starved() const;
  /// Gives one worker up for another pool: an idle one now, else one that retires after the turns it has.
  /// False if there is none to give, or one is on its way already.
  bool give_up_worker(GiveUp how);
  /// Room was made elsewhere.
  void try_again(TimePoint now) { dispatch(now); }

  void tick(TimePoint now, const ReadClock& clock);
  std::optional<TimePoint> next_tick() const;
  void shut_down();

  /// Takes what is to be done, in order.
  std::vector<PoolAction> take_actions() { return std::exchange(actions_, {}); }
  bool has_actions() const { return !actions_.empty(); }

  std::size_t workers() const { return workers_.size(); }
  std::size_t waiting() const { return waiting_.size(); }
  /// Whether it was killed, and its death is not told yet; a worker that is not known is not.
  bool is_dying(WorkerId worker) const;
  std::optional<TurnId> turn_at(WorkerId worker, std::uint64_t number) const;
  /// Whether `turn` waits, or is with a worker that still owes it.
  bool holds(TurnId turn) const;

 private:
  enum class State { starting, live, dying };
  struct Sent {
    TurnId turn;
    std::uint64_t number;
    OwnerId owner;
    bool suspect = false;
  };
  struct Worker {
    State state = State::starting;
    std::optional<OwnerId> owner;
    std::deque<Sent> sent;  // front runs, the rest waits inside the worker
    std::uint64_t last_number = 0;
    std::uint64_t revoked_from = UINT64_MAX;
    TimePoint born{};
    TimePoint idle_since{};
    TimePoint turn_since{};  // when the front began, as far as known
    std::uint64_t seen_started = 0;
    std::uint64_t first_peak = 0;  // bytes; 0 while unknown
    bool slow = false;             // its running turn passed slow_turn
    bool retiring = false;         // no further turns
    bool useful = false;           // answered a turn, or lost one: the plugin gets somewhere
  };
  struct Waiting {
    TurnId turn;
    OwnerId owner;
    bool suspect = false;  // its last worker broke the protocol or did not begin it; runs alone, on a new one
  };

  void dispatch(TimePoint now);
  Worker* find_worker(const Waiting& waiting, WorkerId& id);
  void send(WorkerId id, Worker& worker, const Waiting& waiting, TimePoint now);
  void kill(WorkerId id, Worker& worker, EndReason reason);
  void fail_waiting(Error error);
  void give_back(Worker& worker, std::size_t from);
  void take_back_unbegun(WorkerId id, Worker& worker, TimePoint now);
  /// True when a turn fails for it.
  bool lose(WorkerId id, Worker& worker, std::uint64_t started, const Error& error);
  void maybe_retire(WorkerId id, Worker& worker, TimePoint now);
  void spawn_if_needed(TimePoint now);
  void spawn(TimePoint now);
  TimePoint due(const Worker& worker) const;

  const std::string plugin_;
  const WorkerSettings& settings_;
  const Duration turn_max_;
  const std::string turn_max_setting_;
  std::uint32_t& total_;
  std::map<WorkerId, Worker> workers_;
  std::deque<Waiting> waiting_;
  std::vector<PoolAction> actions_;
  WorkerId last_worker_ = 0;
  bool closing_ = false;
  // Crash loop: deaths in the last minute hold back new workers. Only those of workers that were of no use: a
  // death that answers or fails a turn is bounded by the calls, and must not hold up those beside it.
  std::deque<TimePoint> deaths_;
  std::uint32_t backoffs_ = 0;
  TimePoint spawn_after_{};
};

}  // namespace toolpost
