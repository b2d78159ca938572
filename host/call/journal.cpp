#include "call/journal.hpp"

#include <algorithm>

namespace toolpost {
namespace {

Error exhausted(std::string_view what, std::string_view setting, std::uint64_t limit) {
  return {Errc::exhausted, std::string(what) + " passed " + std::string(setting) + " = " +
                               std::to_string(limit) + "; make the call do less, or raise the setting"};
}

std::uint64_t weight(const JournalEntry& entry) {
  return entry.kind.size() + entry.request.size() + entry.result.size();
}

}  // namespace

Result<void> Journal::begin_turn() {
  if (turns_ >= limits_.turns_max)
    return exhausted("turns of one call", "turns.turns_max", limits_.turns_max);
  ++turns_;
  return {};
}

TurnInput Journal::turn_input() const {
  TurnInput input;
  input.seed = header_.seed;
  input.accepted_ms = header_.accepted_ms;
  input.deadline_ms = header_.deadline_ms;
  input.log_lines_seen = log_lines_seen_;
  input.method = header_.method;
  input.request = header_.request;
  input.effects.reserve(entries_.size());
  for (const JournalEntry& entry : entries_) {
    input.effects.push_back({entry.digest, entry.done, entry.code, entry.done_at_ms, entry.result});
  }
  return input;
}

Result<std::size_t> Journal::append(std::vector<StartedEffect> started, std::uint32_t waiting_for) {
  const std::size_t first = entries_.size();
  if (first + started.size() > limits_.effects_max) {
    return exhausted("effects of one call", "turns.effects_max", limits_.effects_max);
  }
  if (waiting_for >= first + started.size()) {
    return Error{Errc::protocol, "the turn waits for an effect that was never started"};
  }
  for (StartedEffect& effect : started) {
    JournalEntry entry;
    entry.kind = std::move(effect.kind);
    entry.request = std::move(effect.request);
    entry.digest = std::move(effect.digest);
    entry.timeout_ms = effect.timeout_ms;
    bytes_ += weight(entry);
    entries_.push_back(std::move(entry));
  }
  if (bytes_ > limits_.bytes_max) {
    return exhausted("journal of one call", "turns.journal_bytes_max", limits_.bytes_max);
  }
  return first;
}

void Journal::note_log_lines(std::uint32_t total) {
  log_lines_seen_ = std::max(log_lines_seen_, total);
}

bool Journal::settle(std::size_t index, Errc code, std::string result, std::int64_t now_ms) {
  if (index >= entries_.size() || entries_[index].done) return false;
  JournalEntry& entry = entries_[index];
  if (bytes_ + result.size() > limits_.bytes_max) {
    code = Errc::exhausted;
    result = exhausted("journal of one call", "turns.journal_bytes_max", limits_.bytes_max).message;
  }
  bytes_ += result.size();
  entry.done = true;
  entry.code = code;
  entry.result = std::move(result);
  // Time never runs backwards inside a call, whatever the wall clock does.
  entry.done_at_ms = std::max(now_ms, header_.accepted_ms);
  entry.done_order = ++settled_;
  return true;
}

void Journal::restore(std::vector<JournalEntry> entries) {
  entries_ = std::move(entries);
  for (const JournalEntry& entry : entries_) {
    bytes_ += weight(entry);
    settled_ = std::max(settled_, entry.done_order);
  }
}

}  // namespace toolpost
