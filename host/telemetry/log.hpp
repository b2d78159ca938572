#pragma once
// The event stream: one event, one line, ids before prose. Text to standard error, JSON lines to a file.
// Never writes to standard output, which is the protocol's; never throws; never waits for a reader.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>

#include "base/result.hpp"
#include "config/settings.hpp"
#include "telemetry/log_text.hpp"
#include "telemetry/redact.hpp"

namespace toolpost {

enum class Level : unsigned char { debug, info, warn, error, off };

/// The word of [log] level; `info` for an unknown one.
Level level_from_name(std::string_view name);
std::string_view name(Level level);

class Log {
 public:
  /// `file` of the settings is opened with mode 0600 and rotated.
  /// Errors:   invalid_config when it cannot be opened.
  /// Lifetime: borrows `redactor` and `text_fd`, which must outlive the log.
  static Result<std::unique_ptr<Log>> open(const LogSettings& settings, const Redactor& redactor,
                                           int text_fd = 2);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  bool enabled(Level level) const { return level >= level_ && level != Level::off; }

  /// Texts are masked by the redactor, then escaped. `event` and the keys are literals.
  /// Threads: any.
  void event(Level level, std::string_view event, std::initializer_list<LogField> fields) noexcept {
    if (enabled(level)) write(level, event, fields);
  }
  /// The file is otherwise written when its buffer is full and after each warning.
  void flush() noexcept;
  /// Lines that nobody took, since the start. Threads: any.
  std::uint64_t lost() const noexcept;

 private:
  class Outputs;
  Log(Level level, const Redactor& redactor, std::unique_ptr<Outputs> outputs);
  void write(Level level, std::string_view event, std::initializer_list<LogField> fields) noexcept;

  const Level level_;
  const Redactor& redactor_;
  const std::unique_ptr<Outputs> outputs_;
};

}  // namespace toolpost
