#pragma once
// One small file for each worker that died or had to be killed, or whose plugin was not deterministic: what
// ran, what it asked for last, what it said last; and beside it the call's journal, which repeats it. Also
// keeps those last lines while it lives.

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "base/result.hpp"
#include "telemetry/redact.hpp"

namespace toolpost {

/// What is known of a death. Texts may come from the plugin; they are escaped and masked when written.
struct CrashFacts {
  enum class Moment : unsigned char { loading, turn, no_turn };  // the last: nobody waits for what it did

  std::string plugin;
  std::string version;
  std::string file;       // as the user knows it
  std::string file_hash;  // SHA-256, hex
  std::string how;        // "plugin x crashed (signal 11 (Segmentation fault))"
  Moment moment = Moment::turn;
  std::string method;       // of a turn
  std::string last_effect;  // kind of the last effect that the call asked for; empty: none
  std::uint32_t turns = 0;  // of the call, this one included
  std::int64_t wall_ms = 0;
};

struct CrashReport {
  std::string text;     // of CrashReports::text()
  std::string journal;  // lines of call/journal_file.hpp; empty: there was no call, or it is too long
};

class CrashReports {
 public:
  static constexpr std::size_t kLinesMax = 20;  // kept of each plugin, at most kLineBytesMax each
  static constexpr std::size_t kLineBytesMax = 500;
  static constexpr std::size_t kPluginsMax = 256;           // of further plugins no lines are kept
  static constexpr std::size_t kReportsMax = 20;            // in the folder; the oldest go first
  static constexpr std::size_t kJournalBytesMax = 4 << 20;  // no longer one is kept

  /// Remembers what a plugin printed or logged. Threads: one at a time.
  void note(const std::string& plugin, std::string_view line);
  /// The report's text: key: value lines, then the last lines of that plugin.
  std::string text(const CrashFacts& facts, const Redactor& redactor) const;

 private:
  std::map<std::string, std::deque<std::string>> lines_;
};

/// Writes the report (0600) into `folder`, which is made (0700) if it is not there, and removes the oldest
/// ones. Returns the path of the text, which names that of the journal. Errors: unavailable. Threads: any;
/// waits for the disk.
Result<std::string> write_crash_report(const std::string& folder, const std::string& plugin,
                                       std::int64_t wall_ms, const CrashReport& report);

}  // namespace toolpost
