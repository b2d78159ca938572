#pragma once
// What goes into one turn and what comes out, and their bytes on the wire between host and worker.
// Decoding trusts nothing: a plugin shares its process with the encoder of TurnOutput.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/result.hpp"

namespace toolpost {

/// One effect of a call as a turn sees it. `result` is JSON when `code` is ok, else a sentence for people.
struct TurnEffect {
  std::string_view digest;  // of kind and canonical request, see effect_digest()
  bool done = false;
  Errc code = Errc::ok;
  std::int64_t done_at_ms = 0;  // wall clock
  std::string_view result;
};

/// Everything a turn depends on. Views are borrowed from the call, or from the decoded buffer.
struct TurnInput {
  std::uint64_t seed = 0;
  std::int64_t accepted_ms = 0;      // wall clock
  std::int64_t deadline_ms = 0;      // after accepted_ms
  std::uint32_t log_lines_seen = 0;  // lines of earlier turns that are already out
  std::string_view method;
  std::string_view request;
  std::vector<TurnEffect> effects;
};

struct TurnPart {
  std::string media_type;
  std::string bytes;
};

struct StartedEffect {
  std::string kind;
  std::string request;
  std::string digest;
  std::uint32_t timeout_ms = 0;
};

struct TurnLogLine {
  std::int32_t level = 0;
  std::string text;
};

enum class TurnEnd : std::uint8_t {
  finished,   // the plugin returned; `code` says how
  suspended,  // the plugin waits for effect `waiting_for`
  diverged,   // a rerun asked for something else; `message` names both
  skipped,    // never begun: the host took it back
};

struct TurnOutput {
  TurnEnd end = TurnEnd::finished;
  Errc code = Errc::ok;
  std::string message;
  std::uint32_t retry_after_ms = 0;
  SideEffect side_effect = SideEffect::none;
  std::uint32_t waiting_for = 0;       // index of an effect; only when suspended
  std::vector<TurnPart> parts;         // only when finished
  std::vector<StartedEffect> started;  // those the journal does not hold yet, in order
  std::vector<TurnLogLine> log_lines;  // only new ones
  std::uint32_t log_lines_total = 0;
  double progress_done = 0;
  double progress_total = 0;
  std::string progress_message;
};

/// The identity of an effect: kind plus canonical JSON of its request. Invalid JSON is an error.
Result<std::string> effect_digest(std::string_view kind, std::string_view request);

void encode(const TurnInput& input, std::string& out);
/// Borrows from `bytes`.
std::optional<TurnInput> decode_turn_input(std::string_view bytes);

void encode(const TurnOutput& output, std::string& out);
/// Fails (nullopt) on anything malformed, on counts above 4096 and on codes that only the host may make.
std::optional<TurnOutput> decode_turn_output(std::string_view bytes);

}  // namespace toolpost
