#pragma once
// Runs calls: turn after turn on the plugin's workers, effects in between, one outcome each, on time.
// Not for who may call what (admission and sanitizing come before) nor for how an effect is done
// (EffectHost). Threads: the loop's.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "base/random.hpp"
#include "base/scheduler.hpp"
#include "call/join.hpp"
#include "call/journal.hpp"
#include "call/journal_record.hpp"
#include "policy/ceilings_core.hpp"
#include "runtime/client_reach.hpp"
#include "runtime/plugin_table.hpp"

namespace toolpost {

using CallId = std::uint64_t;

/// Whose word a failure is: the plugin's own, or the host's (a deadline, a crash, a limit).
enum class EndedBy : unsigned char { plugin, host };

/// Amounts by currency, "unspecified" when nobody says which. Never added up across currencies.
using MoneyByCurrency = std::map<std::string, double>;

/// What a call has used of models so far. Of one that goes on after a crash or with another leg, all of it.
struct CallUse {
  std::uint32_t attempts = 0;    // of provider calls, retries included; of this host alone
  std::uint64_t tokens = 0;      // as the providers report them
  MoneyByCurrency cost;          // as far as it is known
  std::set<std::string> models;  // that answered: "provider/model"
};

/// How a call ended, for whoever asked.
struct CallOutcome {
  Errc code = Errc::ok;
  EndedBy by = EndedBy::host;
  std::string message;  // when code is not ok
  Millis retry_after{0};
  SideEffect side_effect = SideEffect::none;
  std::vector<TurnPart> parts;            // when code is ok and there are no questions
  std::vector<ClientQuestion> questions;  // the call goes on when the client has answered them
  std::string journal;                    // of the call, with questions
  std::string request_state;              // the same, sealed for the client
  bool foreign_state = false;             // what the client brought back is not of this call
  std::uint32_t turns = 0;
  CallUse use;
  std::uint32_t reruns = 0;  // of turns, after a crash
  Duration elapsed{};
  TimePoint deadline{};  // the last one that held; unset if the call never ran
};

struct CallProgress {
  double done = 0;
  double total = 0;
  std::string message;
};

struct CallRequest {
  PluginEntry* plugin = nullptr;
  const MethodManifest* method = nullptr;
  OwnerId owner = 0;
  CallId parent = 0;    // whose effect this is; 0: a client's own call
  std::string request;  // checked JSON
  TimePoint accepted{};
  BoundDeadline bound{Deadline(TimePoint{}), {}, {}, {}, {}};
  ClientWall wall = ClientWall::none;
  CeilingProfile profile = CeilingProfile::normal;
  bool offline = false;                 // a replay: nothing is performed
  std::optional<JournalHeader> pinned;  // of a call that goes on: seed and times as recorded
  std::vector<JournalEntry> entries;    // of the same: effects that are not asked for again
  std::string journal;                  // the id under which its journal is stored; empty: not yet
  bool stored = false;                  // it is in the store already
  bool durable = false;                 // it goes on after the host died; its outcome is kept
  bool interrupted = false;             // its host died: what was sent then is in doubt
  ClientReach reach{};                  // of the client's own call; provider calls go by their parent's
  ClientAnswers answers{};              // of the same: to questions of its earlier legs
};

/// The header under which a new call runs, with the request's text: `seed` and the times are its own from now
/// on.
JournalHeader make_header(CallRequest& request, std::uint64_t seed, std::int64_t now_ms);
/// What a client asked, whatever the spelling: the same for the same plugin, method and arguments.
std::string wanted_digest(const JournalHeader& header);
/// The same of a call that has no header yet.
std::string wanted_by(const CallRequest& call);
/// Whether this plugin, as it is now, began that journal; another would ask for other things.
bool is_of(const JournalHeader& header, const PluginEntry& plugin);
/// The owner as the store knows it.
std::string owner_name(OwnerId owner);

/// One effect on its way; destroying it ends the effect at once, and its answer never comes.
class RunningEffect {
 public:
  virtual ~RunningEffect() = default;
  /// What it waits for, if only the client's next call can go on with it.
  virtual std::vector<ClientQuestion> for_client() const { return {}; }
};

/// What an effect is told. Borrowed for the duration of start() only.
struct EffectOrder {
  CallId call = 0;
  std::size_t index = 0;
  std::string_view kind;
  std::string_view request;
  std::uint32_t timeout_ms = 0;
  PluginEntry* plugin = nullptr;
  const MethodManifest* method = nullptr;
  OwnerId owner = 0;
  TimePoint accepted{};
  BoundDeadline bound;
  ClientWall wall = ClientWall::none;
  CeilingProfile profile = CeilingProfile::normal;
  std::string_view journal;  // of the call; empty when nothing it did so far needs one
  CallId root = 0;           // the client's own call that this serves; the same as `call` for that itself
  std::uint32_t nth = 0;     // of its kind in its call, from 1
  ClientReach reach{};       // of the root
  const ClientAnswers* answers = nullptr;  // of the root
  std::string question_key{};              // if it is a question to the client
  std::string asker{};                     // the same: "Tool x (plugin y)", of the root
};

class EffectHost {
 public:
  using Settle = std::function<void(Errc, std::string result)>;
  virtual ~EffectHost() = default;
  /// Begins an effect. Calls `settle` once, later or at once; never after the returned object is gone.
  virtual std::unique_ptr<RunningEffect> start(const EffectOrder& order, Settle settle) = 0;
  /// An effect that this call had before its host died; what it deferred must be deferred anew.
  virtual void restore(const EffectOrder& order, const JournalEntry& entry) = 0;
  /// Stores what a running call must not lose; `done` comes in a later round.
  virtual void record(JournalChanges changes, std::function<void(Result<void>)> done) = 0;
  /// Before a call that ended well is answered: commits what its effects deferred together with the end of
  /// its journal, then calls `done`.
  virtual void commit(CallId call, OwnerId owner, JournalChanges end,
                      std::function<void(Result<void>)> done) = 0;
  /// Whether commit() of this call stores more than the end of its journal.
  virtual bool defers(CallId call) const = 0;
  /// The call is over and was not committed, or was: forget what was deferred for it.
  virtual void forget(CallId call) = 0;
};

class CallRunner {
 public:
  using Done = std::function<void(CallOutcome, const Journal&)>;
  using OnProgress = std::function<void(const CallProgress&)>;
  struct Watchers {
    std::function<void(const PluginEntry&, const TurnLogLine&)> log_line;
    /// Before a call's first turn: makes the workers of its plugin if there are none.
    std::function<void(PluginEntry&)> prepare;
    /// Whether what a plugin answered may be stored and passed on. Errors: output_invalid.
    std::function<Result<void>(const PluginEntry&, const MethodManifest&, const std::vector<TurnPart>&)>
        check_output;
    /// A turn ended with its worker, or by the host's hand, and may be run again; or it diverged.
    std::function<void(const CallRequest&, const Journal&, const Error&)> turn_lost{};
    /// An effect has its result, whoever gave it; what was cancelled has none.
    std::function<void(std::string_view kind, Errc)> effect_settled{};
  };

  CallRunner(Scheduler& loop, RandomSource& random, const Settings& settings, EffectHost& effects,
             Watchers watchers)
      : loop_(loop),
        random_(random),
        settings_(settings),
        effects_(effects),
        watchers_(std::move(watchers)) {}
  ~CallRunner();

  /// `done` comes in a later round, never from inside.
  CallId run(CallRequest request, Done done, OnProgress progress);
  /// No further turn, all its effects end at once, no outcome is delivered.
  void cancel(CallId call);
  /// The same for a call that has not begun: only its journal may be there.
  void drop_unbegun(const CallRequest& call) {
    if (call.stored && call.parent == 0) effects_.record({JournalDrop{call.journal}}, {});
  }
  /// As cancel(), but its journal stays as it is, for a host that goes on with it.
  void leave(CallId call) { remove(call); }
  /// Ends a call with an error of the host's.
  void end(CallId call, Error error);
  void raise_deadline(CallId call, BoundDeadline bound);
  /// The user of the call's client is asked: its time stands still until release(). Returns how long the user
  /// may take.
  Duration hold(CallId call);
  void release(CallId call);
  /// What the client must answer before anything of this call can go on; empty while something else does.
  std::vector<ClientQuestion> questions_of(CallId call) const;
  void count_attempt(CallId call);
  /// An effect of this call failed, and may go well after `wait`: told with the outcome, if the call fails
  /// for the same reason. Plugins get a status and a sentence only.
  void hint_retry(CallId call, Errc code, Millis wait);
  /// Adds what an answer used.
  void count_use(CallId call, const CallUse& more);
  /// Nothing used for a call that is over.
  CallUse use_of(CallId call) const;
  /// Content of a streamed answer has arrived: told to the call that asked for it.
  void report_stream(CallId call, std::size_t content_events);
  std::size_t running() const { return calls_.size(); }
  /// What a call has used until now, as far as an outcome tells it; that of one that is over tells nothing.
  CallOutcome so_far(CallId call) const;
  /// What a call is doing, for progress messages: "waiting for provider" or "computing".
  std::string describe(CallId call) const;

  /// What must hold for every call that is not over, for the simulator's checks.
  struct LiveCall {
    CallId id = 0;
    TimePoint deadline{};
    TimePoint parent_deadline = TimePoint::max();  // of the call whose effect it is, if that lives
    TimerId deadline_timer;
    const Journal& journal;
  };
  void each_call(const std::function<void(const LiveCall&)>& visit) const;

  /// From the pools.
  void on_turn_done(TurnId turn, Result<TurnOutput> output);

 private:
  struct Call;
  void tell_use(const Call& call, CallOutcome& outcome) const;
  struct Call {
    CallRequest request;
    Journal journal;
    Done done;
    OnProgress progress;
    TimerId deadline_timer;
    TurnId turn = 0;  // running or queued at the pool; 0: none
    std::optional<std::size_t> waiting_for;
    std::map<std::size_t, std::unique_ptr<RunningEffect>> effects;
    std::map<std::size_t, Join> joins;
    std::map<std::size_t, TimerId> timers;  // of joins and sleeps and effect time-outs
    std::uint32_t crash_reruns = 0;
    CallUse use;
    Errc retry_code = Errc::ok;  // of the last effect that said when it may go well
    TimePoint retry_at{};
    bool committing = false;
    std::uint32_t held = 0;  // questions that the user has not answered
    TimePoint held_since{};  // the first of them
    Duration held_for{};     // all before
    BoundDeadline before_hold{Deadline(TimePoint{}), {}, {}, {}, {}};
    bool turn_due = false;             // whatever it waits for: a turn is to be run again
    bool unstored = false;             // the store failed once: it goes on without
    std::uint32_t recording = 0;       // changes on their way to the disk; results count when they are there
    std::vector<std::size_t> changed;  // entries that the store does not have as they are
    Call(CallRequest from, Journal with) : request(std::move(from)), journal(std::move(with)) {}
  };

  CallId root_of(CallId id) const;
  std::string question_key(const Call& call, std::size_t index) const;
  TimePoint wall_of(const Call& call) const;
  void end_leg_if_idle(CallId id);
  bool restore(CallId id, Call& call);
  bool in_doubt(const Call& call, const JournalEntry& entry) const;
  void collect(Call& call, JournalChanges& changes);
  Call* parent_of(const Call& call);
  bool serves_durable(const Call& call);
  void start_when_recorded(CallId id, std::size_t index);
  void use_when_recorded(CallId id, Call& call, std::size_t index);
  static JournalChanges ending(const Call& call, const CallOutcome& outcome);
  bool stores(const Call& call) const { return call.request.stored && !call.unstored; }
  void perform(CallId id, std::size_t index);
  EffectOrder order_of(CallId id, const Call& call, std::size_t index) const;

  void arm_deadline(CallId id, Call& call);
  void begin_turn(CallId id, Call& call);
  void on_suspended(CallId id, Call& call, TurnOutput output);
  void on_finished(CallId id, Call& call, TurnOutput output);
  void start_effect(CallId id, std::size_t index);
  void start_timer_effect(CallId id, Call& call, std::size_t index, const JournalEntry& entry);
  void settle(CallId id, std::size_t index, Errc code, std::string result);
  void check_joins(CallId id);
  void go_on(CallId id);
  void fail(CallId id, Error error, EndedBy by = EndedBy::host);
  void finish(CallId id, CallOutcome outcome);
  std::unique_ptr<Call> remove(CallId id);

  Scheduler& loop_;
  RandomSource& random_;
  const Settings& settings_;
  EffectHost& effects_;
  Watchers watchers_;
  std::unordered_map<CallId, std::unique_ptr<Call>> calls_;
  std::unordered_map<TurnId, CallId> turns_;
  CallId last_call_ = 0;
  CallId adding_ = 0;  // whose run() has not returned: its outcome waits for the next round
  TurnId last_turn_ = 0;
};

}  // namespace toolpost
