#pragma once
// What outlives a call, or the host: conversation threads with their turns and state, plugins' own values,
// and the journals of calls that run. Behind one interface, so that another database can take SQLite's place.
// Every id is bound to its owner. Blocking; called on the store's lane. Times are handed in, wall clock in
// milliseconds; there is no clock inside.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/crash_record.hpp"
#include "base/result.hpp"
#include "call/journal_record.hpp"
#include "store/money_record.hpp"
#include "store/thread_record.hpp"

namespace toolpost {

/// What to do with an append to an id that is not there. `create` is for ids that the host has just made;
/// an id that a client named must exist, or a thread would begin in its middle.
enum class UnknownThread { create, refuse };

struct ThreadAppend {
  std::string id;  // random, 128 bits; 1..64 of letters, digits, "-" and "_"
  std::string tool;
  std::string turn_json;   // JSON text; not parsed here
  std::string state_json;  // of this tool in this thread; empty: unchanged
  UnknownThread unknown = UnknownThread::create;
  /// The turns that `state_json` was made from: if the tool has appended since, this is a conflict.
  std::optional<std::int64_t> after = std::nullopt;
};
struct ValuePut {
  std::string plugin;
  std::string key;         // 1..1024 bytes
  std::string value_json;  // JSON text; empty: forget the key
};

/// What one call leaves behind; stored whole or not at all, in order.
struct StoreBatch {
  std::string owner;
  std::int64_t now_ms = 0;
  std::vector<ThreadAppend> appends;
  std::vector<ValuePut> puts;
  JournalChanges journal{};
  std::string lease{};  // of the host that runs the call; see host_lease.hpp
  bool empty() const { return appends.empty() && puts.empty() && journal.empty(); }
};

/// In place of a host's lease: the call waits for its client.
inline constexpr const char* kParkedLease = "parked";

/// A client's call that has a journal in the store.
struct JournalHead {
  std::string id;
  std::string wanted;
  std::string lease;  // of the host that runs it, or ran it when it died; or kParkedLease
  bool durable = false;
  bool ended = false;
  std::int64_t created_ms = 0;
  std::int64_t changed_ms = 0;
  std::int64_t bytes = 0;  // of its entries and those of what serves it
};
struct StoredJournal {
  std::string id;       // the call's own, or that of a provider call that serves it
  std::string text;     // lines of journal_file.hpp
  std::string outcome;  // the last of them; empty while it runs
};

/// Which threads of an owner to forget.
struct ThreadRemoval {
  enum class Which { named, expired, all };
  Which which = Which::named;
  std::vector<std::string> ids{};  // of `named`
};

/// Bounds without a setting.
constexpr std::size_t kThreadIdBytesMax = 64;
constexpr std::size_t kValueKeyBytesMax = 1024;
constexpr std::int64_t kValuesMax = 1000;  // of one plugin and owner: values never expire

/// Common errors: unavailable (locked, read-only, damaged) and exhausted (disk full); both name the file and
/// the remedy. Threads: any.
class Store {
 public:
  virtual ~Store() = default;
  /// {"id":..., "created_ms":..., "expires_ms":..., "turns":[...], "state":{tool: ...}}.
  /// Unknown, expired and foreign ids are the same not_found, so that an id cannot be probed for.
  virtual Result<std::string> read_thread(const std::string& owner, const std::string& id,
                                          std::int64_t now_ms) = 0;
  virtual Result<std::optional<std::string>> get_value(const std::string& owner, const std::string& plugin,
                                                       const std::string& key) = 0;
  /// An append extends the thread's life to now + thread_ttl. Turns are numbered here, so that of two hosts
  /// that extend one thread neither loses a turn. Once it returns, the batch survives the death of the
  /// process. Errors: exhausted (naming the setting), not_found (as read_thread), conflict (`after`),
  /// invalid_input; then nothing is stored.
  virtual Result<void> commit(const StoreBatch& batch) = 0;
  /// What commit() would say to this append now: for a call that can still tell its caller. Answers how many
  /// turns more the thread would take after it.
  virtual Result<std::int64_t> check_append(const std::string& owner, const ThreadAppend& append,
                                            std::int64_t now_ms) = 0;
  /// The newest 1000 of an owner's calls that have a journal.
  virtual Result<std::vector<JournalHead>> journals(const std::string& owner) = 0;
  /// A call's journal and those of the provider calls that serve it; none when it is not there.
  virtual Result<std::vector<StoredJournal>> load_journal(const std::string& owner,
                                                          const std::string& id) = 0;
  /// Makes `to` the host of a call that was `from`'s; false when another was faster.
  virtual Result<bool> claim_journal(const std::string& id, const std::string& from,
                                     const std::string& to) = 0;
  /// At most `limit` of an owner's threads, for operators.
  virtual Result<ThreadList> threads(const std::string& owner, std::int64_t now_ms, std::int64_t limit) = 0;
  /// One thread with all its turns and states. Errors: not_found (as read_thread).
  virtual Result<StoredThread> load_thread(const std::string& owner, const std::string& id,
                                           std::int64_t now_ms) = 0;
  /// Forgets threads at once, or none: an id that is not there is not_found (as read_thread). A call that is
  /// about to append to one of them then fails as not_found. Answers how many there were.
  virtual Result<std::int64_t> remove_threads(const std::string& owner, const ThreadRemoval& removal,
                                              std::int64_t now_ms) = 0;
  /// Reserves money of a day, if there is as much left: of several hosts none gets more than is left.
  virtual Result<MoneyAnswer> reserve_money(const MoneyOrder& order) = 0;
  /// What was reserved turned out otherwise: `change` is added, below 0 gives back.
  virtual Result<void> settle_money(const std::string& provider, std::int64_t day, std::int64_t change) = 0;
  /// Adds to what is known of a plugin file; the same input of the same owner is counted.
  virtual Result<void> note_crash(const CrashRecord& crash) = 0;
  /// Of all files; at most 2000, quarantined files never left out, the newest inputs last.
  virtual Result<std::vector<CrashRecord>> crashes() = 0;
  /// Nothing is known against the file any more.
  virtual Result<void> release_file(const std::string& file) = 0;
  /// Forgets threads whose time has come, and journals that have not changed for journal_ttl. Takes many
  /// short transactions, so other hosts hardly wait.
  virtual Result<void> remove_expired(std::int64_t now_ms) = 0;
};

}  // namespace toolpost
