#pragma once
// One small file for each worker that died or had to be killed: what ran, what it asked for last, what it
// said last. Also keeps those last lines while it lives. Not for journals, which repeat a call.

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "base/result.hpp"
#include "telemetry/redact.hpp"

namespace toolpost {

/// What is known of a death. Texts may come from the plugin; they are escaped and masked when written.
struct CrashFacts {
  std::string plugin;
  std::string version;
  std::string file_hash;    // of the plugin file, hex
  std::string how;          // "plugin x crashed (signal 11 (Segmentation fault))"
  std::string method;       // empty: while it was loaded
  std::string last_effect;  // kind of the last effect that the call asked for; empty: none
  std::uint32_t turns = 0;  // of the call, this one included
  std::int64_t wall_ms = 0;
};

class CrashReports {
 public:
  static constexpr std::size_t kLinesMax = 20;  // kept of each plugin, at most kLineBytesMax each
  static constexpr std::size_t kLineBytesMax = 500;
  static constexpr std::size_t kPluginsMax = 256;  // of further plugins no lines are kept
  static constexpr std::size_t kFilesMax = 20;     // in the folder; the oldest go first

  /// Remembers what a plugin printed or logged. Threads: one at a time.
  void note(const std::string& plugin, std::string_view line);
  /// The report's text: key: value lines, then the last lines of that plugin.
  std::string text(const CrashFacts& facts, const Redactor& redactor) const;

 private:
  std::map<std::string, std::deque<std::string>> lines_;
};

/// Writes `text` (0600) into `folder`, which is made (0700) if it is not there, and removes the oldest
/// reports. Errors: unavailable. Threads: any; waits for the disk.
Result<std::string> write_crash_report(const std::string& folder, const std::string& plugin,
                                       std::int64_t wall_ms, const std::string& text);

}  // namespace toolpost
