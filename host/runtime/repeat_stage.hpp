#pragma once
// One run for all who ask for the same at the same time: a repeat attaches to the call that runs, and hears
// its outcome. A run ends early only when nobody waits for it any more. Stands before AdmissionStage; what is
// the same, Runtime says by a key. Threads: the loop's.

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/admission_stage.hpp"

namespace toolpost {

class RepeatStage {
 public:
  using Done = AdmissionStage::Done;
  using OnProgress = CallRunner::OnProgress;

  explicit RepeatStage(AdmissionStage& admission) : admission_(admission) {}

  /// Begins a call that others may attach to; with an empty key or one in use, a call that nobody may. As
  /// AdmissionStage::accept otherwise.
  RequestNumber accept(const std::string& key, CallRequest call, Done done, OnProgress progress);
  /// Attaches to the call that runs under this key; nothing when there is none, and then `done` is untouched.
  std::optional<RequestNumber> attach(const std::string& key, Done& done, OnProgress& progress);
  /// The caller has gone; its `done` is dropped, and with the last one the call is cancelled.
  void cancel(RequestNumber number) { give_up(number, &AdmissionStage::cancel); }
  /// The host ends: the same, but a stored journal stays.
  void leave(RequestNumber number) { give_up(number, &AdmissionStage::leave); }
  std::string describe(RequestNumber number) const;
  CallOutcome so_far(RequestNumber number) const;
  bool knows(RequestNumber number) const { return attached_.contains(number) || admission_.knows(number); }
  /// Whether anything runs that a repeat could attach to.
  bool empty() const { return runs_.empty(); }

 private:
  struct Listener {
    RequestNumber number;
    Done done;
    OnProgress progress;
  };
  struct Run {
    RequestNumber number = 0;  // AdmissionStage's
    std::vector<Listener> listeners;
  };

  RequestNumber add(const std::string& key, Run& run, Done done, OnProgress progress);
  void end(const std::string& key, const CallOutcome& outcome, const Journal* journal);
  void report(const std::string& key, const CallProgress& progress);
  void give_up(RequestNumber number, void (AdmissionStage::*how)(RequestNumber));

  AdmissionStage& admission_;
  std::unordered_map<std::string, Run> runs_;                // by key
  std::unordered_map<RequestNumber, std::string> attached_;  // the key of each listener
};

/// The key of a call whose repeats may share its answer: of an idempotent tool that has effects and asks no
/// client, where the same arguments ask for the same. Empty for all others, and when admission.attach_repeats
/// is off.
std::string shared_key(const CallRequest& call, const AdmissionSettings& settings);
/// The key of a call that goes on after its host died, by what was wanted, whatever the tool.
std::string resumed_key(OwnerId owner, bool durable, const std::string& wanted);

}  // namespace toolpost
