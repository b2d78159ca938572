#pragma once
// What calls leave behind in the store, kept until they end well: their values and the turns of their
// threads. A call that goes on after its host died defers anew what it had deferred. Not for storing it.
// Threads: the loop's.

#include <string>
#include <unordered_map>
#include <utility>

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
  /// Whether another call is about to leave a turn of the same tool in the same thread. Of two that stood on
  /// the same turns, the later one hears of it while it can still tell; once both have answered, one is lost.
  bool is_behind(CallId call, const ThreadAppend& append) const;
  /// An effect that the call had before its host died.
  void restore(const EffectOrder& order, const JournalEntry& entry);

  bool holds(CallId call) const { return batches_.contains(call); }
  /// Everything of a call that has ended well; nothing of it stays here.
  StoreBatch take(CallId call);
  /// The call is over, stored or not.
  void forget(CallId call) {
    batches_.erase(call);
    threads_.erase(call);
  }

 private:
  using ThreadOfTool = std::pair<std::string, std::string>;

  const Scheduler& loop_;
  const CallRunner& runner_;
  const StoreSettings& settings_;
  std::unordered_map<CallId, StoreBatch> batches_;
  std::unordered_multimap<CallId, ThreadOfTool> threads_;  // appended to, until the call is over
};

}  // namespace toolpost
