// Addresses: what is read is written so that it reads the same, and a redirect leads nowhere else by
// trickery.
#include "config/value_grammar.hpp"
#include "effect/http/origin.hpp"
#include "effect/http/private_address.hpp"
#include "fuzz.hpp"

using namespace toolpost;

namespace {

void check_url(const Url& url) {
  hold(url.origin.scheme == "http" || url.origin.scheme == "https", "only http and https");
  hold(!url.origin.host.empty() && url.origin.port != 0, "an origin is whole");
  hold(url.origin.host.find_first_of("@/?#\\ %") == std::string::npos, "a host has no second reading");
  hold(url.target.starts_with('/') && url.target.find('#') == std::string::npos,
       "a target is path and query");
  hold(is_one_plain_line(url.target) && url.target.find_first_of(" \\") == std::string::npos,
       "a target fits a request line");
  const auto again = parse_url(to_string(url));
  hold(again && again->origin == url.origin && again->target == url.target, "a URL reads back as it is");
  const auto origin = parse_origin(to_string(url.origin));
  hold(origin && *origin == url.origin, "an origin reads back as it is");
  if (is_private_address(url.origin.host) != is_private_address(again->origin.host))
    hold(false, "an address is judged once");
}

}  // namespace

/// A URL, then on further lines Location headers that are followed one after the other.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz_text(data, size);
  const std::string_view first = take_until(rest, "\n");
  auto url = parse_url(first);
  if (parse_origin(first)) hold(url.has_value(), "an origin is a URL");
  if (origin_fault(first).empty() && first.size() <= url_bytes_max)
    hold(parse_origin(first).has_value(), "the configuration takes no origin that cannot be used");
  if (!url) {
    hold(url.error().code == Errc::invalid_input && url.error().message.size() < 1000, "a refusal is short");
    return 0;
  }
  check_url(*url);
  for (int hops = 0; hops < 4 && !rest.empty(); ++hops) {
    const std::string_view location = take_until(rest, "\n");
    auto next = resolve_location(*url, location);
    if (!next) continue;
    check_url(*next);
    if (location.find("//") == std::string_view::npos)
      hold(next->origin == url->origin, "a path leads to no other origin");
    url = std::move(next);
  }
  return 0;
}
