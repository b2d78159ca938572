#include "sim_disk.hpp"

#include <algorithm>
#include <set>

#include "base/overload.hpp"
#include "sim_ledger.hpp"

namespace toolpost::sim {
namespace {

using namespace std::chrono_literals;

/// Whether every change of a batch finds its journal, and leaves no gap.
class Fit {
 public:
  explicit Fit(const SimJournals& journals) : journals_(journals) {}

  bool operator()(const JournalBegin& one) {
    sizes_[one.id] = 0;
    return size_of(one.root).has_value();
  }
  bool operator()(const JournalPut& one) {
    const auto size = size_of(one.id);
    if (!size || one.index > *size) return false;
    sizes_[one.id] = std::max<std::size_t>(*size, one.index + 1);
    return true;
  }
  bool operator()(const JournalPark&) { return true; }  // no simulated client is asked
  bool operator()(const JournalEnd&) { return true; }
  bool operator()(const JournalHeard&) { return true; }
  bool operator()(const JournalDrop& one) {
    sizes_.erase(one.id);
    gone_.insert(one.id);
    return true;
  }

 private:
  std::optional<std::size_t> size_of(const std::string& id) const {
    if (const auto found = sizes_.find(id); found != sizes_.end()) return found->second;
    const auto found = journals_.find(id);
    if (found == journals_.end() || gone_.contains(id)) return std::nullopt;
    return found->second.entries.size();
  }

  const SimJournals& journals_;
  std::map<std::string, std::size_t> sizes_;
  std::set<std::string> gone_;
};

void drop(SimJournals& journals, const std::string& id) {
  std::erase_if(journals, [&](const auto& one) { return one.first == id || one.second.begin.root == id; });
}

void begin(SimJournals& journals, const StoreBatch& batch, const JournalBegin& begin) {
  drop(journals, begin.id);
  journals[begin.id] = {begin, {}, {}, batch.lease, batch.now_ms, batch.now_ms};
}

void put(SimJournals& journals, const StoreBatch& batch, const JournalPut& put) {
  SimJournal& journal = journals.at(put.id);
  journal.entries[put.index] = put.entry;
  journals.at(journal.begin.root).changed_ms = batch.now_ms;
}

void end(SimJournals& journals, const StoreBatch& batch, const JournalEnd& end) {
  std::erase_if(journals,
                [&](const auto& one) { return one.second.begin.root == end.id && one.first != end.id; });
  const auto found = journals.find(end.id);
  if (found == journals.end() || !found->second.outcome.empty()) return;
  found->second.outcome = end.outcome;
  found->second.changed_ms = batch.now_ms;
}

}  // namespace

void SimDisk::write(Kind kind, StoreBatch batch, std::function<void(Result<void>)> done) {
  const bool commits = kind == Kind::commit;
  if (commits && faults_.strikes(Fault::commit_never_ends)) return;
  const bool fails = faults_.strikes(commits ? Fault::commit_fails : Fault::record_fails);
  const bool slow = faults_.strikes(commits ? Fault::commit_slow : Fault::record_slow);
  const Duration after = commits ? up_to(slow ? 20s : 3ms) : up_to(slow ? 5s : 1ms);
  written_until_ = std::max(written_until_, loop_.now() + after);
  const std::uint64_t number = ++last_;
  Waiting& one = waiting_[number];
  one = {std::move(batch), std::move(done), fails};
  one.timer = loop_.at(written_until_, [this, number] { land(number); });
}

void SimDisk::land(std::uint64_t number) {
  const auto node = waiting_.extract(number);
  const Waiting& one = node.mapped();
  if (one.fails)
    return one.done(Error{random_.below(2) == 0 ? Errc::unavailable : Errc::exhausted, "the disk is full"});
  if (faults_.strikes(Fault::host_killed_before_commit)) {
    auto lost = std::exchange(waiting_, {});  // what was written after it is lost with it
    for (auto& [later, each] : lost) loop_.cancel(each.timer);
    if (kill_()) return;
    for (auto& [later, each] : lost) each.timer = loop_.at(each.timer.at, [this, later] { land(later); });
    waiting_ = std::move(lost);
  }
  const Result<void> stored = commit(one.batch);
  if (faults_.strikes(Fault::host_killed_after_commit) && kill_()) return;
  one.done(stored);
}

void SimDisk::lose_host() {
  std::uint64_t written = random_.below(waiting_.size() + 1);
  for (auto& [number, one] : waiting_) {
    loop_.cancel(one.timer);
    if (written == 0) continue;
    --written;
    if (!one.fails) (void)commit(one.batch);
  }
  waiting_.clear();
}

Result<void> SimDisk::commit(const StoreBatch& batch) {
  Fit fit(journals_);
  for (const JournalChange& change : batch.journal) {
    if (!std::visit(fit, change)) return Error{Errc::unavailable, "a journal that never began"};
  }
  ledger_.before_commit(batch, journals_);
  for (const JournalChange& change : batch.journal) {
    std::visit(Overload{[&](const JournalBegin& one) { begin(journals_, batch, one); },
                        [&](const JournalPut& one) { put(journals_, batch, one); }, [](const JournalPark&) {},
                        [&](const JournalEnd& one) { end(journals_, batch, one); },
                        [&](const JournalHeard& one) {
                          if (const auto heard = journals_.find(one.id); heard != journals_.end())
                            heard->second.begin.durable = false;
                        },
                        [&](const JournalDrop& one) { drop(journals_, one.id); }},
               change);
  }
  return {};
}

Result<std::vector<JournalHead>> SimDisk::journals(const std::string& owner) {
  std::vector<JournalHead> heads;
  for (const auto& [id, one] : journals_) {
    if (one.begin.owner != owner || one.begin.root != id) continue;
    heads.push_back({id, one.begin.wanted, one.lease, one.begin.durable, !one.outcome.empty(), one.created_ms,
                     one.changed_ms, 0});
  }
  std::sort(heads.begin(), heads.end(), [](const JournalHead& one, const JournalHead& other) {
    return std::tie(one.created_ms, one.id) > std::tie(other.created_ms, other.id);
  });
  return heads;
}

Result<std::vector<StoredJournal>> SimDisk::load_journal(const std::string& owner, const std::string& id) {
  std::vector<StoredJournal> loaded;
  for (const auto& [name, one] : journals_) {
    if (one.begin.root != id || one.begin.owner != owner) continue;
    StoredJournal journal{name, one.begin.header, one.outcome};
    for (const auto& [index, entry] : one.entries) journal.text += entry;
    journal.text += one.outcome;
    loaded.push_back(std::move(journal));
  }
  return loaded;
}

Result<bool> SimDisk::claim_journal(const std::string& id, const std::string& from, const std::string& to) {
  const auto found = journals_.find(id);
  if (found == journals_.end() || found->second.lease != from) return false;
  found->second.lease = to;
  return true;
}

}  // namespace toolpost::sim
