#pragma once
// One small file for each worker that died or had to be killed, or whose plugin was not deterministic: what
// ran, what it asked for last, what it said last; and beside it the call's journal, which repeats it.

#include <cstdint>
#include <string>
#include <vector>

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
  std::vector<std::string> last_lines;  // that this worker printed or logged
};

struct CrashReport {
  std::string text;     // of crash_report_text()
  std::string journal;  // lines of call/journal_file.hpp; empty: there was no call, or it is too long
};

inline constexpr std::size_t kCrashReportsMax = 20;            // in the folder; the oldest go first
inline constexpr std::size_t kCrashJournalBytesMax = 4 << 20;  // no longer one is kept

/// The report's text: key: value lines, then the last lines of the worker.
std::string crash_report_text(const CrashFacts& facts, const Redactor& redactor);

/// Writes the report (0600) into `folder`, which is made (0700) if it is not there, and removes the oldest
/// ones. Returns the path of the text, which names that of the journal. Errors: unavailable. Threads: any;
/// waits for the disk.
Result<std::string> write_crash_report(const std::string& folder, const std::string& plugin,
                                       std::int64_t wall_ms, const CrashReport& report);

}  // namespace toolpost
