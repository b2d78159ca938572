#pragma once
// Ended calls, as the host remembers them, as lines of text; and the times that people write.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

/// "2026-01-31T12:00:00Z" of milliseconds since 1970.
std::string time_text(std::int64_t ms);

/// The inverse; seconds, "Z" and the "T" may be missing, and the time of day too. Nothing when it is none.
std::optional<std::int64_t> time_of(const std::string& text);

/// "1 turn", "2 turns".
std::string counted(std::uint64_t count, const char* what);

/// Whether the line holds the word, or one of several with | between them, in whatever case; an empty one
/// fits all. No regular expression, as the predecessor had: one of those can keep a processor busy for as
/// long as it likes.
bool fits(const std::string& line, const std::string& words);

/// "2026-01-31T12:00:00Z chat ok, 1200 ms, 2 turns, 1 attempt, 120 tokens".
std::string activity_line(const nlohmann::json& call);
