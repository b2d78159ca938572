#pragma once
// Runs one turn of a plugin: offers it toolpost.call/1 over a TurnInput and collects a TurnOutput.
// Used by the worker process and by in-process mode. Performs no effect.

#include <cstdint>

#include "call/turn_codec.hpp"
#include "toolpost/plugin.h"

namespace toolpost {

struct TurnRunnerLimits {
  std::uint64_t output_bytes_max = 8 << 20;
  std::uint32_t effects_max = 256;
  std::uint32_t log_lines_max = 200;
  std::uint32_t log_line_bytes_max = 4096;
};

/// Whoever runs a turn. Threads: the turn's.
class TurnListener {
 public:
  /// Whether the caller has gone.
  virtual bool is_cancelled() = 0;
  /// The plugin used the handle of another call, or of an effect that this call did not start.
  virtual void on_foreign_handle() {}

 protected:
  ~TurnListener() = default;
};

/// The record handed to create().
const toolpost_host& plugin_host();

/// Calls `table.invoke` once. Without a listener nobody cancels and nobody hears. Nothing unwinds out of it:
/// a C++ exception that a plugin lets through ends the process, since the boundary is C. Threads: any; one
/// turn at a time per thread.
TurnOutput run_turn(const toolpost_invokable_1& table, void* instance, const TurnInput& input,
                    const TurnRunnerLimits& limits, TurnListener* listener = nullptr);

}  // namespace toolpost
