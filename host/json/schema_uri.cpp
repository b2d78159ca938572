#include "json/schema_uri.hpp"

#include <algorithm>
#include <charconv>

namespace toolpost {
namespace {

/// Scheme with ":", authority with "//", path, query with "?" and fragment with "#"; each empty if it is not
/// there.
struct Uri {
  std::string_view scheme, authority, path, query, fragment;
};

Uri split(std::string_view text) {
  Uri uri;
  const auto cut_from = [&text](std::size_t at) {
    const std::string_view tail = text.substr(std::min(at, text.size()));
    text.remove_suffix(tail.size());
    return tail;
  };
  uri.fragment = cut_from(text.find('#'));
  uri.query = cut_from(text.find('?'));
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && colon < text.find('/')) {
    uri.scheme = text.substr(0, colon + 1);
    text.remove_prefix(colon + 1);
  }
  if (text.starts_with("//")) {
    uri.authority = text.substr(0, text.find('/', 2));
    text.remove_prefix(uri.authority.size());
  }
  uri.path = text;
  return uri;
}

/// RFC 3986, 5.2.4, a segment at a time.
std::string without_dots(std::string_view path) {
  std::string out;
  const bool absolute = path.starts_with('/');
  std::size_t at = absolute ? 1 : 0;
  while (at <= path.size()) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, end - at);
    const bool last = end == path.size();
    if (segment == "..") {
      if (!out.empty()) out.pop_back();  // its slash
      const std::size_t slash = out.rfind('/');
      out.resize(slash == std::string::npos ? 0 : slash + 1);
    } else if (segment != ".") {
      out += segment;
      if (!last) out += '/';
    }
    at = end + 1;
  }
  return (absolute ? "/" : "") + out;
}

std::string merged(const Uri& base, std::string_view path) {
  if (!base.authority.empty() && base.path.empty()) return "/" + std::string(path);
  const std::size_t slash = base.path.rfind('/');
  return std::string(base.path.substr(0, slash == std::string_view::npos ? 0 : slash + 1)) +
         std::string(path);
}

}  // namespace

std::string resolve_uri(std::string_view base_text, std::string_view reference) {
  const Uri base = split(base_text);
  const Uri to = split(reference);
  const auto joined = [&to](std::string_view scheme, std::string_view authority, std::string_view path,
                            std::string_view query) {
    std::string out;
    for (const std::string_view part : {scheme, authority, path, query, to.fragment}) out += part;
    return out;
  };
  if (!to.scheme.empty()) {
    // An opaque path, as in urn:a:b, has no segments.
    return joined(to.scheme, to.authority,
                  to.path.starts_with('/') ? without_dots(to.path) : std::string(to.path), to.query);
  }
  if (!to.authority.empty()) return joined(base.scheme, to.authority, without_dots(to.path), to.query);
  if (to.path.empty())
    return joined(base.scheme, base.authority, base.path, to.query.empty() ? base.query : to.query);
  const std::string path = to.path.starts_with('/') ? std::string(to.path) : merged(base, to.path);
  return joined(base.scheme, base.authority, without_dots(path), to.query);
}

std::string decode_percent(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned value = 0;
    if (text[at] == '%' && text.size() - at >= 3) {
      const char* digits = text.data() + at + 1;
      if (std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
        out += static_cast<char>(value);
        at += 2;
        continue;
      }
    }
    out += text[at];
  }
  return out;
}

}  // namespace toolpost
