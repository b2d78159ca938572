#pragma once
// Addresses of the http effect: one strict reading of an http(s) URL, and the origin that grants are compared
// by. The client is handed only what to_string() writes, so that no second parser can read the text
// differently. Not for deciding what is granted (http_call does) nor which network addresses are private
// (private_address does).

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace toolpost {

inline constexpr std::size_t url_bytes_max = 8192;

struct Origin {
  std::string scheme;      // "http" or "https"
  std::string host;        // lower-case name, dotted IPv4, or canonical IPv6 without brackets
  std::uint16_t port = 0;  // always filled in

  bool operator==(const Origin&) const = default;
};

struct Url {
  Origin origin;
  std::string target;  // path and query, begins with '/'; sent unchanged

  /// The target without its query, which may hold what messages and logs must not.
  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
};

/// Reads "http(s)://host[:port][/path][?query][#fragment]"; the fragment is dropped.
/// Refuses user info, control characters, spaces, backslashes, non-ASCII, broken escapes, ports with signs or
/// leading zeros, and IPv4 written in any form but four plain decimal numbers. Errors: invalid_input.
Result<Url> parse_url(std::string_view text);

/// A URL with nothing after the port but an optional "/"; what the configuration holds.
/// Errors: invalid_input.
Result<Origin> parse_origin(std::string_view text);

/// Where a Location header read at `base` leads: absolute or relative (RFC 3986, section 5.2), equally
/// strict. Errors: invalid_input.
Result<Url> resolve_location(const Url& base, std::string_view location);

/// "https://host" with the port unless it is the scheme's default, and brackets around IPv6.
std::string to_string(const Origin& origin);
std::string to_string(const Url& url);

}  // namespace toolpost
