#include "config/value_grammar.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace toolpost {
namespace {

bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alnum(char c) {
  return is_alpha(c) || is_digit(c);
}

struct UrlParts {
  std::string scheme, authority, rest;
};

UrlParts url_parts(std::string_view url) {
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) return {};
  UrlParts parts;
  parts.scheme = lower(url.substr(0, colon));
  url.remove_prefix(colon + 3);
  const std::size_t end = std::min(url.find_first_of("/?#"), url.size());
  parts.authority = std::string(url.substr(0, end));
  parts.rest = std::string(url.substr(end));
  return parts;
}

std::string port_fault(std::string_view port) {
  if (port.empty() || port.size() > 5 || port.front() == '0' ||
      !std::all_of(port.begin(), port.end(), is_digit))
    return "its port must be 1..65535";
  const int number = std::stoi(std::string(port));
  return number >= 1 && number <= 65535 ? "" : "its port must be 1..65535";
}

// As the http effect reads it: a last label that is a number means IPv4, and only the plain form is
// unambiguous.
std::string host_name_fault(std::string_view name) {
  if (name.empty()) return "it names no host";
  if (name.size() > 253) return "its host is longer than 253 bytes";
  const auto allowed = [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; };
  if (!std::all_of(name.begin(), name.end(), allowed)) return "its host has characters that no host name has";
  if (name.front() == '.' || name.back() == '.' || name.find("..") != std::string_view::npos)
    return "its host has an empty part";
  const std::string last = lower(name.substr(name.rfind('.') + 1));
  const bool hexadecimal =
      last.starts_with("0x") && last.find_first_not_of("0123456789abcdef", 2) == std::string::npos;
  in_addr address{};
  if ((hexadecimal || std::all_of(last.begin(), last.end(), is_digit)) &&
      inet_pton(AF_INET, std::string(name).c_str(), &address) != 1)
    return "its host must be four decimal numbers, or end with a word";
  return "";
}

std::string authority_fault(std::string_view authority) {
  if (authority.find('@') != std::string_view::npos)
    return "user names and passwords do not belong into it; use key = { env = \"NAME\" }";
  std::string_view host = authority;
  if (host.starts_with('[')) {
    const std::size_t close = host.find(']');
    if (close == std::string_view::npos || close == 1) return "its IPv6 address is not closed";
    const std::string_view address = host.substr(1, close - 1);
    in6_addr parsed{};
    if (inet_pton(AF_INET6, std::string(address).c_str(), &parsed) != 1) return "its IPv6 address is none";
    host.remove_prefix(close + 1);
    if (host.empty()) return "";
    return host.starts_with(':') ? port_fault(host.substr(1)) : "its IPv6 address is followed by something";
  }
  const std::size_t colon = host.find(':');
  if (std::string fault = host_name_fault(host.substr(0, colon)); !fault.empty()) return fault;
  return colon == std::string_view::npos ? "" : port_fault(host.substr(colon + 1));
}

std::string path_fault(std::string_view path) {
  const auto plain = [](char c) { return c > 0x20 && c < 0x7f && c != '\\'; };
  if (!std::all_of(path.begin(), path.end(), plain))
    return "its path has characters that must be escaped with '%'";
  const auto is_hex = [&](std::size_t at) {
    return at < path.size() &&
           std::string_view("0123456789abcdefABCDEF").find(path[at]) != std::string_view::npos;
  };
  for (std::size_t at = 0; at < path.size(); ++at)
    if (path[at] == '%' && (!is_hex(at + 1) || !is_hex(at + 2)))
      return "'%' needs two hexadecimal digits behind it";
  return "";
}

bool all(std::string_view text, bool (*test)(char)) {
  return std::all_of(text.begin(), text.end(), test);
}

}  // namespace

std::string url_fault(std::string_view url) {
  if (std::any_of(url.begin(), url.end(), [](char c) { return static_cast<unsigned char>(c) <= 0x20; }))
    return "it has a space or control character";
  const UrlParts parts = url_parts(url);
  if (parts.scheme != "http" && parts.scheme != "https") return "it must start with https:// or http://";
  std::string fault = authority_fault(parts.authority);
  if (!fault.empty()) return fault;
  if (parts.rest.find_first_of("?#") != std::string::npos) return "it must have no query and no fragment";
  return path_fault(parts.rest);
}

std::string origin_fault(std::string_view origin) {
  std::string fault = url_fault(origin);
  if (!fault.empty()) return fault;
  return url_parts(origin).rest.empty() ? "" : "an origin is scheme, host and port alone, with no path";
}

std::string locale_fault(std::string_view tag) {
  if (tag.find('_') != std::string_view::npos) return "subtags are joined by '-', not '_'";
  if (tag.size() > 64) return "it is longer than 64 characters";
  const std::vector<std::string> subtags = split(tag, '-');
  const std::string& language = subtags.front();
  const bool privately = language == "x" || language == "X";
  if (!privately && (language.size() < 2 || language.size() > 8 || !all(language, is_alpha)))
    return "it must begin with a language of 2 to 8 letters";
  for (std::size_t i = 1; i < subtags.size(); ++i) {
    const std::string& subtag = subtags[i];
    if (subtag.empty() || subtag.size() > 8 || !all(subtag, is_alnum))
      return "each subtag has 1 to 8 letters or digits";
  }
  const bool singleton_last = subtags.back().size() == 1;
  bool in_private = privately;
  for (std::size_t i = 1; i < subtags.size() && !in_private; ++i) {
    in_private = lower(subtags[i]) == "x";
    if (!in_private && subtags[i].size() == 1 && i + 1 < subtags.size() && subtags[i + 1].size() == 1)
      return "a single letter must be followed by what it introduces";
  }
  const bool private_has_content = in_private && lower(subtags.back()) != "x";
  if (singleton_last && !private_has_content) return "a single letter must be followed by what it introduces";
  return "";
}

std::string provider_name_fault(std::string_view name) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_'; };
  if (name.empty() || name.size() > 64 || !std::all_of(name.begin(), name.end(), allowed))
    return "a name has 1 to 64 of a-z, 0-9, '-' and '_'";
  return "";
}

std::string variable_fault(std::string_view name) {
  const auto allowed = [](char c) { return is_alnum(c) || c == '_'; };
  if (name.empty() || is_digit(name.front()) || name.size() > 256 ||
      !std::all_of(name.begin(), name.end(), allowed))
    return "the name of a variable has letters, digits and '_' only";
  return "";
}

bool is_plain_remote(std::string_view url) {
  const UrlParts parts = url_parts(url);
  if (parts.scheme != "http") return false;
  std::string host = lower(parts.authority);
  return !is_this_machine(host.substr(0, host.starts_with('[') ? host.find(']') + 1 : host.find(':')));
}

bool is_this_machine(std::string_view host) {
  const bool local_address =
      host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "[::1]" || host == "::1" || local_address;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string lower(std::string_view text) {
  std::string copy(text);
  for (char& c : copy)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return copy;
}

}  // namespace toolpost
