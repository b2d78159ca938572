#pragma once
// The effects of one call with their results, in the order they were started: what makes a turn repeatable.
// Decides what a turn's output means; performs nothing and knows no clock.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "call/turn_codec.hpp"

namespace toolpost {

/// What a call is, pinned for all its turns and reruns.
struct JournalHeader {
  std::string call_id;
  std::string plugin;       // manifest id
  std::string plugin_hash;  // SHA-256 of the file
  std::string config;       // the plugin's configuration, JSON
  std::string method;
  std::string request;  // JSON, ours
  std::uint64_t seed = 0;
  std::int64_t accepted_ms = 0;  // wall clock
  std::int64_t deadline_ms = 0;  // after accepted_ms
};

struct JournalEntry {
  std::string kind;
  std::string request;
  std::string digest;
  std::uint32_t timeout_ms = 0;
  bool sent = false;  // it may have left the host: without `done` after a crash nobody knows
  bool done = false;
  Errc code = Errc::ok;
  std::string result;            // JSON when ok, else a sentence for people
  std::int64_t done_at_ms = 0;   // wall clock
  std::uint32_t done_order = 0;  // 1 for the first that finished; joins report in this order
};

/// Bounds per call; see TurnSettings.
struct JournalLimits {
  std::uint32_t effects_max = 256;
  std::uint32_t turns_max = 256;
  std::uint64_t bytes_max = 64 << 20;
};

class Journal {
 public:
  Journal(JournalHeader header, JournalLimits limits) : header_(std::move(header)), limits_(limits) {}

  const JournalHeader& header() const { return header_; }
  const std::vector<JournalEntry>& entries() const { return entries_; }
  std::uint32_t turns() const { return turns_; }
  std::uint64_t bytes() const { return bytes_; }
  std::uint32_t log_lines_seen() const { return log_lines_seen_; }

  /// Counts a turn. Error: exhausted past turns_max.
  Result<void> begin_turn();
  /// Borrows from this journal until it changes.
  TurnInput turn_input() const;
  /// Appends what a suspended turn started; returns the index of the first new entry.
  /// Errors: exhausted past effects_max or bytes_max; protocol when the turn waits for nothing that exists.
  Result<std::size_t> append(std::vector<StartedEffect> started, std::uint32_t waiting_for);
  void note_log_lines(std::uint32_t total);

  /// Settles entry `index` once; a second result is dropped (false). Past bytes_max it becomes `exhausted`.
  bool settle(std::size_t index, Errc code, std::string result, std::int64_t now_ms);
  /// The effect is about to leave the host.
  void mark_sent(std::size_t index) { entries_.at(index).sent = true; }
  bool done(std::size_t index) const { return index < entries_.size() && entries_[index].done; }

  void set_call_id(std::string id) { header_.call_id = std::move(id); }

  /// Takes the entries of a recorded journal, before the first turn.
  void restore(std::vector<JournalEntry> entries);

 private:
  JournalHeader header_;
  JournalLimits limits_;
  std::vector<JournalEntry> entries_;
  std::uint32_t turns_ = 0;
  std::uint32_t settled_ = 0;
  std::uint32_t log_lines_seen_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace toolpost
