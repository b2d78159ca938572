#pragma once
// Calls whose host died before they ended, found in the store when a host starts and when another has ended,
// and taken over one by one. Reads and claims; running them is Runtime's. Blocks on the store: then, and when
// such a call is asked for again. Threads: the loop's.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "call/journal_file.hpp"
#include "config/settings.hpp"
#include "store/store.hpp"

namespace toolpost {

/// A call as its dead host left it, and the provider calls that served it.
struct InterruptedCall {
  JournalHead head;
  RecordedCall call;
  std::map<std::string, RecordedCall> served;  // by journal id
};

class InterruptedCalls {
 public:
  /// Whether the host of a lease lives.
  using IsHeld = std::function<bool(const std::string& lease)>;
  /// The leases of hosts that died lately.
  using DeadHosts = std::function<std::set<std::string>()>;

  InterruptedCalls(Store& store, std::string lease, IsHeld is_held, DeadHosts dead_hosts,
                   const ResumeSettings& settings)
      : store_(store),
        lease_(std::move(lease)),
        is_held_(std::move(is_held)),
        dead_hosts_(std::move(dead_hosts)),
        settings_(settings) {}

  /// Looks what is there for this owner. Errors: the store's.
  Result<void> find(const std::string& owner, std::int64_t now_ms);
  /// The same, if a host has died since the last look. Else a few system calls per host.
  Result<void> look_again(const std::string& owner, std::int64_t now_ms);
  bool empty() const { return found_.empty(); }
  /// The durable ones that have not ended, the oldest first.
  std::vector<JournalHead> durable() const;

  /// The youngest call that asked for the same, if it is not too long ago; it is this host's then. Nothing
  /// when there is none or another host was faster. An ended one is taken only for a durable repeat: it holds
  /// the outcome that nobody has heard. Errors: the store's, and invalid_input for a journal that cannot be
  /// read.
  Result<std::optional<InterruptedCall>> take_same(const std::string& owner, const std::string& wanted,
                                                   bool durable, std::int64_t now_ms);
  /// The same for one call by its id, whenever it was.
  Result<std::optional<InterruptedCall>> take(const std::string& owner, const std::string& id);
  /// One that was taken and could not run, or ended while nobody heard it: it is there for the next who asks.
  void give_back(JournalHead head);
  /// The same for one that waits for its client, whichever host parked it.
  Result<std::optional<InterruptedCall>> take_parked(const std::string& owner, const std::string& id);

 private:
  Result<std::optional<InterruptedCall>> claim(const std::string& owner, JournalHead head);

  Store& store_;
  const std::string lease_;
  const IsHeld is_held_;
  const DeadHosts dead_hosts_;
  const ResumeSettings& settings_;
  std::set<std::string> dead_;      // that were known at the last look
  std::vector<JournalHead> found_;  // bounded by the store's answer
};

}  // namespace toolpost
