#pragma once
// Rules for header fields: which ones a plugin may send and may see, and how a line is read.
// Not for URLs and not for the JSON around them.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace toolpost {

/// In the order sent or received; names in lower case.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

inline constexpr std::size_t request_headers_max = 64;
inline constexpr std::size_t header_name_bytes_max = 256;
inline constexpr std::size_t header_value_bytes_max = 8192;

/// Checks one field of a plugin's request; `name` in lower case. Those that frame the message, steer the
/// connection or carry what the host owns (Host, Cookie, Content-Length, Proxy-*, ...) are refused. Errors:
/// invalid_input.
Result<void> check_request_header(std::string_view name, std::string_view value);

/// True for a value without control characters (a tab is allowed).
bool is_header_value(std::string_view value);

/// Reads "Name: value" with optional line end; the name in lower case, the value trimmed and control
/// characters made spaces. Nothing for anything else.
std::optional<std::pair<std::string, std::string>> parse_header_line(std::string_view line);

/// False for fields about one connection and for cookies: a plugin never sees them.
bool is_header_for_plugin(std::string_view lower_name);

/// The first value of `lower_name`; "" when there is none.
std::string_view find_header(const HttpHeaders& headers, std::string_view lower_name);

std::string lower_ascii(std::string_view text);

}  // namespace toolpost
