#include "effect/http/http_headers.hpp"

#include <algorithm>

namespace toolpost {
namespace {

bool is_token(std::string_view name) {
  if (name.empty()) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return alphanumeric || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

constexpr std::string_view never_sent[] = {
    "host", "cookie",  "cookie2", "content-length", "transfer-encoding", "connection",     "keep-alive",
    "te",   "trailer", "upgrade", "expect",         "accept-encoding",   "http2-settings",
};

constexpr std::string_view never_shown[] = {
    "connection", "keep-alive", "te",          "trailer", "transfer-encoding",
    "upgrade",    "set-cookie", "set-cookie2", "alt-svc",
};

template <typename List>
bool contains(const List& list, std::string_view name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

}  // namespace

std::string lower_ascii(std::string_view text) {
  std::string copy(text);
  for (char& c : copy) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return copy;
}

bool is_header_value(std::string_view value) {
  return std::none_of(value.begin(), value.end(), is_control);
}

Result<void> check_request_header(std::string_view name, std::string_view value) {
  const auto refuse = [&](const std::string& why) {
    return Error{Errc::invalid_input, "header \"" + std::string(name.substr(0, 64)) + "\": " + why};
  };
  if (name.size() > header_name_bytes_max || !is_token(name)) {
    return Error{Errc::invalid_input, "a header name is a token of 1 to 256 characters"};
  }
  if (contains(never_sent, name) || name.starts_with("proxy-")) {
    return refuse("set by the host, a plugin may not send it");
  }
  if (value.size() > header_value_bytes_max) return refuse("the value is longer than 8192 bytes");
  if (!is_header_value(value)) return refuse("the value has control characters");
  return {};
}

std::optional<std::pair<std::string, std::string>> parse_header_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return std::nullopt;
  std::string value(line.substr(colon + 1));
  std::replace_if(value.begin(), value.end(), is_control, ' ');
  return std::pair(lower_ascii(line.substr(0, colon)), std::string(trim(value)));
}

bool is_header_for_plugin(std::string_view lower_name) {
  return !contains(never_shown, lower_name) && !lower_name.starts_with("proxy-");
}

std::string_view find_header(const HttpHeaders& headers, std::string_view lower_name) {
  for (const auto& [name, value] : headers) {
    if (name == lower_name) return value;
  }
  return {};
}

}  // namespace toolpost
