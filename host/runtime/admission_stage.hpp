#pragma once
// From acceptance to outcome: lets a call run now, has it wait for a place, or refuses it, and gives its
// place to the next when it ends. Decisions are AdmissionCore's. Not for looking at arguments (Runtime does
// before). Threads: the loop's.

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "policy/admission_core.hpp"
#include "runtime/call_runner.hpp"

namespace toolpost {

using RequestNumber = std::uint64_t;

class AdmissionStage {
 public:
  /// `journal` is null when the call never ran.
  using Done = std::function<void(CallOutcome, const Journal* journal)>;

  AdmissionStage(Scheduler& loop, CallRunner& runner, const AdmissionSettings& settings)
      : loop_(loop), runner_(runner), core_(settings) {}
  ~AdmissionStage() { loop_.cancel(timer_); }

  /// Overrides admission.plugin_calls_max; before the plugin's first call.
  void set_plugin_limit(std::uint32_t plugin, std::uint32_t calls_max, std::string setting) {
    core_.set_plugin_limit(plugin, calls_max, std::move(setting));
  }

  /// Takes a call whose deadline is set. `done` comes once, in a later round, unless it is cancelled.
  RequestNumber accept(CallRequest call, Done done, CallRunner::OnProgress progress);
  /// A number that no request has, for one that waits for another's outcome.
  RequestNumber reserve_number() { return ++last_; }
  /// A call that may not even be offered; `done` hears why in a later round.
  RequestNumber refuse(Error error, Done done);
  /// The caller has gone; `done` is dropped.
  void cancel(RequestNumber number);
  /// The host ends; `done` is dropped, a stored journal stays.
  void leave(RequestNumber number);
  /// Everything that is not answered, before what calls use goes away.
  void leave_all();

  /// What a request is doing, for people.
  std::string describe(RequestNumber number) const;
  /// What it has used until now; see CallRunner.
  CallOutcome so_far(RequestNumber number) const;
  bool knows(RequestNumber number) const { return requests_.contains(number); }
  /// Requests that are not answered: running, waiting, or about to hear that they are refused.
  std::size_t unanswered() const { return requests_.size(); }
  std::uint32_t running() const { return core_.running(); }
  std::uint32_t waiting() const { return core_.waiting(); }

 private:
  struct Request {
    CallRequest call;
    Done done;
    CallRunner::OnProgress progress;
    CallId running = 0;  // 0: waiting, or refused
  };

  void refuse_later(RequestNumber number, Error error);
  void begin(RequestNumber number);
  void begin_later(const std::vector<RequestNumber>& numbers);
  /// Gives a request's place back; `end` ends its call if it runs.
  void give_up(RequestNumber number, void (CallRunner::*end)(CallId));
  void answer_refused(RequestNumber number, Error error);
  void on_outcome(RequestNumber number, CallOutcome outcome, const Journal& journal);
  void arm();

  Scheduler& loop_;
  CallRunner& runner_;
  AdmissionCore core_;
  TimerId timer_;
  std::unordered_map<RequestNumber, Request> requests_;
  RequestNumber last_ = 0;
};

}  // namespace toolpost
