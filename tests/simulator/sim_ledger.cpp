#include "sim_ledger.hpp"

#include <algorithm>

#include "call/journal_file.hpp"

namespace toolpost::sim {
namespace {

std::string root_of(const std::string& journal) {
  return journal.substr(0, journal.find('.'));
}

std::string key_of(const std::string& journal, const std::string& request) {
  return journal + " " + request;
}

std::optional<RecordedCall> read(const SimJournal& journal) {
  std::string text = journal.begin.header;
  for (const auto& [index, entry] : journal.entries) text += entry;
  auto call = parse_journal(text + journal.outcome, JournalState::running);
  if (!call) return std::nullopt;
  return std::move(*call);
}

/// The last effect with this request; null when the disk knows none.
const JournalEntry* last_of(const RecordedCall& call, const std::string& request) {
  const JournalEntry* last = nullptr;
  for (const JournalEntry& entry : call.entries) {
    if (entry.request == request) last = &entry;
  }
  return last;
}

/// Whether the disk has what was asked for; it may have an earlier failure when it refused to take more.
bool is_answer(const JournalEntry& entry) {
  return entry.done && entry.code == Errc::ok && entry.result.find("\"status\":200") != std::string::npos;
}

bool is_running(const SimJournals& disk, const std::string& root) {
  const auto found = disk.find(root);
  return found != disk.end() && found->second.outcome.empty();
}

/// Whether the call that this provider call serves has its result on the disk.
bool has_answer(const SimJournals& disk, const std::string& journal) {
  const SimJournal& root = disk.at(root_of(journal));
  const auto index =
      static_cast<std::uint32_t>(std::strtoul(journal.c_str() + journal.find('.') + 1, nullptr, 10));
  const auto entry = root.entries.find(index);
  return entry != root.entries.end() && entry->second.find("\"done_order\"") != std::string::npos;
}

/// The mark of that kind that a deferred change carries; empty for one of the other kind.
std::string mark_in(const std::string& json, const char* kind) {
  const std::size_t at = json.find(kind);
  return at == std::string::npos ? "" : json.substr(at, json.find('"', at) - at);
}

}  // namespace

void SimLedger::asks(const std::string& journal, const std::string& request, const SimJournals& disk) {
  const std::string key = key_of(journal, request);
  if (answered_.contains(key)) fail("asked again although answered: " + key);
  if (doubts_.contains(key) && !resends_) fail("asked again although in doubt: " + key);
  asked_[journal].insert(request);
  const auto root = disk.find(root_of(journal));
  if (root == disk.end() || !root->second.begin.durable) return;
  const auto found = disk.find(journal);
  const auto call = found == disk.end() ? std::nullopt : read(found->second);
  const JournalEntry* entry = call ? last_of(*call, request) : nullptr;
  if (entry == nullptr || !entry->sent) fail("a durable call asked before the disk knew: " + key);
}

void SimLedger::answered(const std::string& journal, const std::string& request) {
  answered_.insert(key_of(journal, request));
}

void SimLedger::host_died(const SimJournals& disk) {
  for (const auto& [journal, requests] : asked_) {
    // With its root's journal a call is over; with its own, if the root has what it answered.
    if (!is_running(disk, root_of(journal)) || has_answer(disk, journal)) continue;
    const auto found = disk.find(journal);
    const auto call = found == disk.end() ? std::nullopt : read(found->second);
    for (const std::string& request : requests) {
      const std::string key = key_of(journal, request);
      const JournalEntry* entry = call ? last_of(*call, request) : nullptr;
      if (entry == nullptr || !is_answer(*entry)) answered_.erase(key);
      if (entry != nullptr && entry->sent && !entry->done) doubts_.insert(key);
    }
  }
}

void SimLedger::before_commit(const StoreBatch& batch, const SimJournals& disk) {
  for (const JournalChange& change : batch.journal) {
    if (const auto* one = std::get_if<JournalBegin>(&change)) check_begin(batch, *one, disk);
    if (const auto* one = std::get_if<JournalEnd>(&change)) check_end(batch, *one, disk);
    if (const auto* one = std::get_if<JournalPut>(&change)) {
      const auto ended = ended_by_.find(root_of(one->id));
      if (ended != ended_by_.end() && ended->second != batch.lease)
        fail("an ended call goes on in another host: " + one->id);
    }
    if (const auto* one = std::get_if<JournalDrop>(&change)) {
      const auto found = disk.find(one->id);
      if (found != disk.end() && found->second.begin.root == one->id && found->second.begin.durable &&
          found->second.outcome.empty() && !droppable_.contains(found->second.begin.wanted))
        fail("a durable call was dropped before it ended: " + one->id);
    }
  }
  check_left(batch, disk);
  check_left_by_others(batch, disk);
}

void SimLedger::check_begin(const StoreBatch& batch, const JournalBegin& begin, const SimJournals& disk) {
  if (begin.id != begin.root || clock_jumped_) return;
  for (const auto& [id, other] : disk) {
    if (id != begin.id && other.begin.root == id && other.begin.wanted == begin.wanted &&
        other.outcome.empty() && other.lease != batch.lease)
      fail("a call began anew although the disk had it: " + id + ", now " + begin.id);
  }
}

void SimLedger::check_end(const StoreBatch& batch, const JournalEnd& end, const SimJournals& disk) {
  const auto found = disk.find(end.id);
  if (found == disk.end()) return;
  const auto [ended, first] = ended_by_.emplace(end.id, batch.lease);
  // In one host the deadline may pass while the end is on its way; then the first of the two is kept.
  if (!first && ended->second != batch.lease) fail("an ended call ended again in another host: " + end.id);
  if (first && end.outcome.find("\"in_doubt\"") != std::string::npos) ++ended_in_doubt_;
}

/// What a durable call leaves behind: once, together with its good end, and all of it.
void SimLedger::check_left(const StoreBatch& batch, const SimJournals& disk) {
  std::vector<std::string> marks;
  for (const ValuePut& one : batch.puts) marks.push_back(mark_in(one.value_json, kDurableMark));
  for (const ThreadAppend& one : batch.appends) marks.push_back(mark_in(one.turn_json, kDurableMark));
  std::erase(marks, "");
  std::sort(marks.begin(), marks.end());
  if (std::adjacent_find(marks.begin(), marks.end()) != marks.end())
    fail("a durable call deferred the same twice: " + marks.front());
  for (const std::string& mark : marks) {
    if (!left_.insert(mark).second && !clock_jumped_)
      fail("a durable call left the same behind twice: " + mark);
  }
  bool ends_well = false;
  for (const JournalChange& change : batch.journal) {
    const auto* end = std::get_if<JournalEnd>(&change);
    const auto found = end == nullptr ? disk.end() : disk.find(end->id);
    if (found == disk.end() || !found->second.begin.durable || !found->second.outcome.empty()) continue;
    SimJournal whole = found->second;
    whole.outcome = end->outcome;
    const auto call = read(whole);
    if (!call || call->code != Errc::ok) continue;
    ends_well = true;
    std::size_t deferred = 0;
    for (const JournalEntry& entry : call->entries)
      deferred +=
          entry.done && entry.code == Errc::ok && (entry.kind == "store.put" || entry.kind == "thread.append")
              ? 1
              : 0;
    // The disk may know of less, when it refused to take what the call did.
    if (deferred > batch.puts.size() + batch.appends.size())
      fail("a durable call deferred " + std::to_string(deferred) + " changes, and left " +
           std::to_string(batch.puts.size() + batch.appends.size()) + ": " + end->id);
  }
  if (!marks.empty() && !ends_well) fail("a durable call left something behind without its end");
}

/// Another call leaves something behind only together with its journal's end, if it has one: whoever goes on
/// with that journal would leave it again.
void SimLedger::check_left_by_others(const StoreBatch& batch, const SimJournals& disk) {
  std::string mark;
  for (const ValuePut& one : batch.puts) mark = mark_in(one.value_json, kFleetingMark);
  for (const ThreadAppend& one : batch.appends) mark = mark_in(one.turn_json, kFleetingMark);
  if (mark.empty()) return;
  const std::size_t nonce_at = std::string_view(kFleetingMark).size();
  const std::string nonce = mark.substr(nonce_at, mark.find('.', nonce_at) - nonce_at);
  const std::string asked = R"(\"nonce\":)" + nonce + ",";  // inside the header, which holds it as text
  for (const auto& [id, journal] : disk) {
    if (journal.begin.root != id || journal.lease != batch.lease || !journal.outcome.empty() ||
        journal.begin.header.find(asked) == std::string::npos)
      continue;
    const bool ends =
        std::any_of(batch.journal.begin(), batch.journal.end(), [&](const JournalChange& change) {
          const auto* drop = std::get_if<JournalDrop>(&change);
          const auto* end = std::get_if<JournalEnd>(&change);
          return (drop != nullptr && drop->id == id) || (end != nullptr && end->id == id);
        });
    if (!ends) fail("a call left something behind without the end of its journal: " + id);
  }
}

void SimLedger::world_ends(const SimJournals& disk) {
  for (const auto& [id, journal] : disk) {
    if (journal.begin.durable && journal.begin.root == id && journal.outcome.empty())
      fail("a durable call never ended: " + id);
  }
}

}  // namespace toolpost::sim
