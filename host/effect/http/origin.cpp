#include "effect/http/origin.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace toolpost {
namespace {

constexpr std::size_t host_bytes_max = 253;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower_copy(std::string_view text) {
  std::string copy(text);
  std::transform(copy.begin(), copy.end(), copy.begin(), lower);
  return copy;
}

Error refused(std::string_view why) {
  return Error{Errc::invalid_input, "URL: " + std::string(why)};
}

/// Checks every byte once, before anything else looks at the text.
std::optional<Error> bad_character(std::string_view text) {
  if (text.size() > url_bytes_max) {
    return refused("longer than " + std::to_string(url_bytes_max) + " bytes");
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c <= 0x20 || c >= 0x7f)
      return refused("control characters, spaces and non-ASCII must be percent-encoded");
    if (c == '\\') return refused("a backslash is not allowed; percent-encode it as %5C");
    if (std::string_view("\"<>^`{|}").find(c) != std::string_view::npos) {
      return refused(std::string("'") + c + "' must be percent-encoded");
    }
    if (c == '%' && (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2]))) {
      return refused("'%' must be followed by two hexadecimal digits");
    }
  }
  return std::nullopt;
}

Result<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || text[0] == '0' || !std::all_of(text.begin(), text.end(), is_digit)) {
    return refused("a port is a number from 1 to 65535 without leading zeros");
  }
  unsigned port = 0;
  for (const char c : text) port = port * 10 + static_cast<unsigned>(c - '0');
  if (port > 65535) return refused("a port is a number from 1 to 65535 without leading zeros");
  return static_cast<std::uint16_t>(port);
}

Result<std::string> parse_ipv6(std::string_view text) {
  in6_addr address{};
  if (text.size() > 45 || inet_pton(AF_INET6, std::string(text).c_str(), &address) != 1) {
    return refused("'[" + std::string(text.substr(0, 45)) +
                   "]' is not an IPv6 address (zones are not allowed)");
  }
  char canonical[INET6_ADDRSTRLEN];
  inet_ntop(AF_INET6, &address, canonical, sizeof canonical);
  return std::string(canonical);
}

/// Four decimal numbers; inet_pton refuses octal, hexadecimal and short forms.
bool is_plain_ipv4(const std::string& host) {
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

Result<std::string> parse_name(std::string_view text) {
  if (text.empty()) return refused("the host is missing");
  if (text.size() > host_bytes_max) return refused("the host is longer than 253 bytes");
  const std::string host = lower_copy(text);
  char before = '.';
  for (const char c : host) {
    if (c == '.' && before == '.') return refused("the host has an empty label");
    if (!is_letter(c) && !is_digit(c) && c != '-' && c != '_' && c != '.') {
      return refused(
          "a host has letters, digits, '-', '_' and '.' only; write other names in punycode (xn--)");
    }
    before = c;
  }
  if (before == '.') return refused("the host may not end with '.'");
  // As in WHATWG's URL: a last label that is a number means IPv4, and then only the plain form is
  // unambiguous.
  const std::string_view last = std::string_view(host).substr(host.rfind('.') + 1);
  const bool decimal = std::all_of(last.begin(), last.end(), is_digit);
  const bool hexadecimal = last.starts_with("0x") && std::all_of(last.begin() + 2, last.end(), is_hex);
  if ((decimal || hexadecimal) && !is_plain_ipv4(host)) {
    return refused("'" + host + "' is not an IPv4 address in plain form (four decimal numbers)");
  }
  return host;
}

Result<Origin> parse_authority(std::string scheme, std::string_view authority) {
  if (authority.find('@') != std::string_view::npos) {
    return refused("user name and password are not allowed; bind a secret instead");
  }
  Origin origin{std::move(scheme), {}, 0};
  std::string_view port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return refused("']' is missing after the IPv6 address");
    auto host = parse_ipv6(authority.substr(1, end - 1));
    if (!host) return host.error();
    origin.host = std::move(*host);
    port = authority.substr(end + 1);
    has_port = !port.empty();
    if (has_port && port[0] != ':') return refused("only a port may follow ']'");
    if (has_port) port.remove_prefix(1);
  } else {
    const std::size_t colon = authority.find(':');
    has_port = colon != std::string_view::npos;
    if (has_port) port = authority.substr(colon + 1);
    auto host = parse_name(authority.substr(0, colon));
    if (!host) return host.error();
    origin.host = std::move(*host);
  }
  origin.port = origin.scheme == "https" ? 443 : 80;
  if (has_port) {
    auto number = parse_port(port);
    if (!number) return number.error();
    origin.port = *number;
  }
  return origin;
}

/// The limit holds for what is sent: a text may be shorter than the URL it stands for.
Result<Url> bounded(Url url) {
  if (to_string(url).size() > url_bytes_max)
    return refused("longer than " + std::to_string(url_bytes_max) + " bytes");
  return url;
}

/// RFC 3986, section 5.2.4, on a path that begins with '/'.
std::string without_dot_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  bool slash_at_end = false;
  while (!path.empty()) {
    path.remove_prefix(1);  // the '/'
    const std::size_t size = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, size);
    path.remove_prefix(size);
    slash_at_end = segment.empty() || segment == "." || segment == "..";
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (segment != "." && !(segment.empty() && path.empty())) {
      kept.push_back(segment);
    }
  }
  std::string out;
  for (const std::string_view segment : kept) (out += '/') += segment;
  if (slash_at_end || out.empty()) out += '/';
  return out;
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  if (auto error = bad_character(text)) return *error;
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return refused("must begin with http:// or https://");
  std::string scheme = lower_copy(text.substr(0, colon));
  if (scheme != "http" && scheme != "https") return refused("only http and https are allowed");
  text.remove_prefix(colon + 3);
  text = text.substr(0, text.find('#'));
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  auto origin = parse_authority(std::move(scheme), text.substr(0, end));
  if (!origin) return origin.error();
  std::string target(text.substr(end));
  if (!target.starts_with('/')) target.insert(target.begin(), '/');
  return bounded(Url{std::move(*origin), std::move(target)});
}

Result<Origin> parse_origin(std::string_view text) {
  auto url = parse_url(text);
  if (!url) return url.error();
  if (url->target != "/" || text.find_first_of("?#") != std::string_view::npos) {
    return refused("an origin is scheme, host and port only, without a path: \"" + to_string(url->origin) +
                   "\"");
  }
  return std::move(url->origin);
}

Result<Url> resolve_location(const Url& base, std::string_view location) {
  if (auto error = bad_character(location)) return *error;
  location = location.substr(0, location.find('#'));
  // A scheme ends at the first ':' before any '/' or '?'.
  const std::size_t mark = location.find_first_of(":/?");
  if (mark != std::string_view::npos && location[mark] == ':') return parse_url(location);
  if (location.starts_with("//")) return parse_url(base.origin.scheme + ":" + std::string(location));
  if (location.empty()) return base;
  if (location[0] == '?') return bounded(Url{base.origin, std::string(base.path()) + std::string(location)});
  std::string joined;
  if (location[0] != '/') joined = base.path().substr(0, base.path().rfind('/') + 1);
  joined += location;
  const std::size_t query = std::min(joined.find('?'), joined.size());
  return bounded(Url{base.origin,
                     without_dot_segments(std::string_view(joined).substr(0, query)) + joined.substr(query)});
}

std::string to_string(const Origin& origin) {
  const bool ipv6 = origin.host.find(':') != std::string::npos;
  std::string text = origin.scheme + "://" + (ipv6 ? "[" + origin.host + "]" : origin.host);
  if (origin.port != (origin.scheme == "https" ? 443 : 80)) text += ":" + std::to_string(origin.port);
  return text;
}

std::string to_string(const Url& url) {
  return to_string(url.origin) + url.target;
}

}  // namespace toolpost
