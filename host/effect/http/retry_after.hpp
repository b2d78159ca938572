#pragma once
// How long an upstream asks us to wait, in the forms that providers use. Decides nothing: the retry policy
// does.

#include <optional>

#include "base/time.hpp"
#include "effect/http/http_headers.hpp"

namespace toolpost {

inline constexpr Millis retry_after_max{3'600'000};  // longer wishes count as this

/// Reads retry-after-ms, x-ms-retry-after-ms and x-amz-retry-after (milliseconds), and Retry-After (seconds,
/// also "1.5", or an HTTP date). A date is compared with the answer's own Date, so that a wrong clock here
/// does not matter, else with `unix_now`. A date in the past is 0; nothing for what cannot be read.
std::optional<Millis> parse_retry_after(const HttpHeaders& headers, std::chrono::seconds unix_now);

/// "Sun, 06 Nov 1994 08:49:37 GMT" as seconds since 1970; the two obsolete forms are not read.
std::optional<std::chrono::seconds> parse_http_date(std::string_view text);

}  // namespace toolpost
