#pragma once
// The disk of a simulated world: the journals and values of the store, and the lane that writes to it. What
// was written survives a host that dies; what was on its way may not.

#include <functional>
#include <map>
#include <string>

#include "fault.hpp"
#include "store/store.hpp"
#include "virtual_loop.hpp"

namespace toolpost::sim {

struct SimJournal {
  JournalBegin begin;
  std::map<std::uint32_t, std::string> entries;
  std::string outcome;
  std::string lease;
  std::int64_t created_ms = 0;
  std::int64_t changed_ms = 0;
};
using SimJournals = std::map<std::string, SimJournal>;

class SimLedger;

class SimDisk final : public Store {
 public:
  /// `kill` ends the host between two steps of the disk; false when it may not be killed (any more).
  SimDisk(VirtualLoop& loop, RandomSource& random, FaultPlan& faults, SimLedger& ledger,
          std::function<bool()> kill)
      : loop_(loop), random_(random), faults_(faults), ledger_(ledger), kill_(std::move(kill)) {}

  /// What the batch is, for the faults that may strike it.
  enum class Kind { commit, record };
  /// One after the other, as the store's lane does. `done` comes later, unless the host dies before.
  void write(Kind kind, StoreBatch batch, std::function<void(Result<void>)> done);
  /// The host died: some of what waits was written before, the first ones; the rest never is.
  void lose_host();
  const SimJournals& all() const { return journals_; }

  Result<void> commit(const StoreBatch& batch) override;
  Result<std::vector<JournalHead>> journals(const std::string& owner) override;
  Result<std::vector<StoredJournal>> load_journal(const std::string& owner, const std::string& id) override;
  Result<bool> claim_journal(const std::string& id, const std::string& from, const std::string& to) override;

 private:
  struct Waiting {
    StoreBatch batch;
    std::function<void(Result<void>)> done;
    bool fails = false;
    TimerId timer{};
  };
  void land(std::uint64_t number);
  Duration up_to(Duration most) {
    return Duration(static_cast<Duration::rep>(random_.below(static_cast<std::uint64_t>(most.count()) + 1)));
  }

  // What no simulated call asks for.
  static Error absent() { return {Errc::unsupported, "not simulated"}; }
  Result<std::string> read_thread(const std::string&, const std::string&, std::int64_t) override {
    return absent();
  }
  Result<std::optional<std::string>> get_value(const std::string&, const std::string&,
                                               const std::string&) override {
    return absent();
  }
  Result<std::int64_t> check_append(const std::string&, const ThreadAppend&, std::int64_t) override {
    return absent();
  }
  Result<ThreadList> threads(const std::string&, std::int64_t, std::int64_t) override { return absent(); }
  Result<StoredThread> load_thread(const std::string&, const std::string&, std::int64_t) override {
    return absent();
  }
  Result<std::int64_t> remove_threads(const std::string&, const ThreadRemoval&, std::int64_t) override {
    return absent();
  }
  Result<MoneyAnswer> reserve_money(const MoneyOrder&) override { return absent(); }
  Result<void> settle_money(const std::string&, std::int64_t, std::int64_t) override { return absent(); }
  Result<void> note_crash(const CrashRecord&) override { return absent(); }
  Result<std::vector<CrashRecord>> crashes() override { return absent(); }
  Result<void> release_file(const std::string&) override { return absent(); }
  Result<void> remove_expired(std::int64_t) override { return absent(); }

  VirtualLoop& loop_;
  RandomSource& random_;
  FaultPlan& faults_;
  SimLedger& ledger_;
  const std::function<bool()> kill_;
  SimJournals journals_;
  std::map<std::uint64_t, Waiting> waiting_;  // in the order in which they were written
  std::uint64_t last_ = 0;
  TimePoint written_until_{};
};

}  // namespace toolpost::sim
