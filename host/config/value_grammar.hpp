#pragma once
// The shapes of single values that the type alone does not give: URLs, origins, language tags, names.
// Decides only; messages are the caller's.

#include <string>
#include <string_view>
#include <vector>

namespace toolpost {

/// An empty answer means well-formed; else what is wrong with it, without quoting the value.
/// `url`: http or https, a host, no user info, query or fragment.
std::string url_fault(std::string_view url);
/// `origin`: a url of scheme, host and port alone.
std::string origin_fault(std::string_view origin);
/// `tag`: well-formed by BCP 47, as far as subtag shapes go (no registry).
std::string locale_fault(std::string_view tag);
/// The name of a provider: it becomes a metric label and part of a variable's name.
std::string provider_name_fault(std::string_view name);
/// The name of an environment variable.
std::string variable_fault(std::string_view name);

/// True when `url` is http and its host is not this machine.
bool is_plain_remote(std::string_view url);

/// `host` in lower case, without a port: localhost, or an address of the loopback.
bool is_this_machine(std::string_view host);

std::vector<std::string> split(std::string_view text, char separator);
std::string lower(std::string_view text);

}  // namespace toolpost
