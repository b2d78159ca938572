#pragma once
// What calls leave behind in the store, kept until they end well: their values and the turns of their
// threads. A call that goes on after its host died defers anew what it had deferred. Not for storing it.
// Threads: the loop's.

#include <string>
#include <unordered_map>

#include "runtime/call_runner.hpp"
#include "store/store.hpp"

namespace toolpost {

class DeferredChanges {
 public:
  /// Borrows them.
  DeferredChanges(const Scheduler& loop, const CallRunner& runner, const StoreSettings& settings)
      : loop_(loop), runner_(runner), settings_(settings) {}

  /// store.put. Errors: invalid_input, exhausted.
  Result<void> put(const EffectOrder& order);
  /// The turn that thread.append asks for, with what the host knows of the call. Errors: invalid_input.
  Result<ThreadAppend> append_of(const EffectOrder& order, std::string given_id) const;
  /// Errors: exhausted.
  Result<void> append(CallId call, OwnerId owner, ThreadAppend append);
  /// An effect that the call had before its host died.
  void restore(const EffectOrder& order, const JournalEntry& entry);

  bool holds(CallId call) const { return batches_.contains(call); }
  /// Everything of a call that has ended well; nothing of it stays here.
  StoreBatch take(CallId call);
  void forget(CallId call) { batches_.erase(call); }

 private:
  const Scheduler& loop_;
  const CallRunner& runner_;
  const StoreSettings& settings_;
  std::unordered_map<CallId, StoreBatch> batches_;
};

}  // namespace toolpost
