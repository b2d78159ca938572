#pragma once
// Goes on with calls whose host died: a durable one by itself, any other when the same is asked again soon;
// and keeps durable calls from their acceptance on. Stands before RepeatStage. Not for reading the store
// (InterruptedCalls does), nor for calls that wait for their client's answers (Runtime does). Threads: the
// loop's.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/interrupted_calls.hpp"
#include "runtime/provider_service.hpp"
#include "runtime/repeat_stage.hpp"

namespace toolpost {

class ResumeStage {
 public:
  using Done = AdmissionStage::Done;
  using OnProgress = CallRunner::OnProgress;
  /// Hears of each durable call that goes on by itself; may be empty.
  using Ended = std::function<void(const std::string& id, const CallOutcome& outcome)>;
  /// What it needs of its host.
  struct Ways {
    /// Stores changes after all earlier ones; `done` may be empty, and comes in a later round.
    std::function<void(JournalChanges, std::function<void(Result<void>)> done)> record;
    /// The call that a journal tells of, as far as the journal tells it. Errors: not_found, the plugin's own.
    std::function<Result<CallRequest>(const RecordedCall&)> recorded_call;
    /// Takes secrets out of what is kept.
    std::function<void(CallOutcome&)> mask;
    std::function<void(const Error&)> store_failed;
    /// A call goes on; for logs.
    std::function<void(const CallRequest&)> resumed;
  };

  ResumeStage(Scheduler& loop, RandomSource& random, const CeilingsByProfile& ceilings, RepeatStage& repeats,
              ProviderService& providers, Ways ways)
      : loop_(loop),
        random_(random),
        ceilings_(ceilings),
        repeats_(repeats),
        providers_(providers),
        ways_(std::move(ways)) {}
  ~ResumeStage();

  /// What dead hosts left; without it every call begins anew. Lifetime: borrowed.
  void use(InterruptedCalls& interrupted) { interrupted_ = &interrupted; }

  /// Attaches to a call that runs and asked for the same, goes on with one whose host died, or begins. `key`
  /// as RepeatStage's.
  RequestNumber accept(const std::string& key, CallRequest call, Done done, OnProgress progress);
  /// Goes on with every durable call of this owner whose host died; how many there are.
  std::size_t resume_durable(OwnerId owner, const Ended& ended);
  /// Makes `call` the one that was taken.
  void take_over(CallRequest& call, InterruptedCall taken);
  /// Forgets in the store whose outcome has left the host. Before the host ends, too.
  void forget_heard();
  /// Durable calls that admission refused and that are tried again.
  std::size_t refused() const { return again_.size(); }

 private:
  RequestNumber accept_durable(CallRequest call, Done done, OnProgress progress);
  std::optional<RequestNumber> attach_to_same(const CallRequest& call, const std::string& key, Done& done,
                                              OnProgress& progress);
  /// What became of the same call when its host died; nothing when there was none.
  std::optional<RequestNumber> go_on_with_same(CallRequest& call, Done& done, OnProgress& progress);
  Done told_and_forgotten(Done done);
  void forget_later(JournalChange change);
  void run_resumed(CallRequest call, JournalHead head, const Ended& ended);
  void run_again_later(const CallRequest& call, JournalHead head, Duration wait, const Ended& ended);

  Scheduler& loop_;
  RandomSource& random_;
  const CeilingsByProfile& ceilings_;
  RepeatStage& repeats_;
  ProviderService& providers_;
  const Ways ways_;
  InterruptedCalls* interrupted_ = nullptr;
  TimePoint look_at_ = TimePoint::min();  // for hosts that have died since
  JournalChanges heard_;                  // for when the outcomes that were told have left
  TimerId heard_timer_;
  std::map<std::string, TimerId> again_;                        // by journal; bounded by what was interrupted
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // outlived by tasks in the loop
};

}  // namespace toolpost
