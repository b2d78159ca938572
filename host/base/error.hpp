#pragma once
// The one error type of the host: what went wrong, for whom, and whether asking again may help.
// Not for control flow inside a function, and not for bugs (those throw or assert).

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace toolpost {

/// Codes up to `internal` may come from plugins (same order as TOOLPOST_* in the ABI); the rest only the host
/// makes.
enum class Errc : unsigned char {
  ok = 0,            // never inside an Error
  cancelled,         // the caller asked for it; no answer is sent
  deadline,          // a ceiling fired; the message names which
  invalid_input,     // the caller's fault; asking again unchanged is useless
  not_found,         // the caller's fault
  permission,        // the operator has not granted it; the message says how
  unauthenticated,   // the operator's key is missing or refused
  rate_limited,      // the upstream's wish; retry after `retry_after`
  unavailable,       // the upstream is down or unreachable; a retry may help
  conflict,          // the caller decides
  exhausted,         // a limit, quota or budget is spent
  content_blocked,   // the upstream refused the content
  context_too_long,  // the input must shrink first
  bad_upstream,      // the upstream answered nonsense
  unsupported,       // this host, client or plugin cannot do it
  internal,          // the plugin's bug, or ours
  crashed,           // the worker died in the call's turn
  hung,              // a turn ran past turn_max
  protocol,          // the worker broke the wire rules
  output_invalid,    // the plugin's output broke its own schema or our limits
  nondeterministic,  // a rerun asked for other effects than its journal holds
  in_doubt,          // sent, never answered, not sent again
  quarantined,       // this plugin file or input crashed too often
  incompatible,      // the plugin cannot run on this host
  shed,              // refused early because of load
  breaker_open,      // the upstream is failing; not asked
  invalid_config,    // the operator's file
};

/// Whether the failed thing may have changed or cost something.
enum class SideEffect : unsigned char { none = 0, maybe = 1, done = 2 };

/// The word used in answers, logs and journals, e.g. "invalid_input".
std::string_view name(Errc code);
/// The inverse of name(); `internal` for an unknown word.
Errc errc_from_name(std::string_view word);

/// As a plugin hears it of its effect: what only the host can tell of itself is unavailable there.
constexpr Errc effect_code(Errc code) {
  return code <= Errc::internal ? code : Errc::unavailable;
}

struct Error {
  Errc code = Errc::internal;
  std::string message;                       // for people: what, where, why, what to do; nobody parses it
  std::chrono::milliseconds retry_after{0};  // 0: no advice
  SideEffect side_effect = SideEffect::none;
  bool outside = false;  // of a crash: the worker was taken away, by nothing that its plugin did
  bool loading = false;  // of a lost turn: it never began, as its plugin was not ready yet

  /// Adds what was being done, once per layer: "plugin echo: manifest: ...".
  [[nodiscard]] Error with(std::string_view context) const {
    Error copy = *this;
    copy.message = std::string(context) + ": " + message;
    return copy;
  }
};

}  // namespace toolpost
