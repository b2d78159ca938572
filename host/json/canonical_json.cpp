#include "json/canonical_json.hpp"

#include <cstdio>
#include <nlohmann/json.hpp>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace toolpost {
namespace {
// nlohmann's writer recurses and dies some 100,000 levels deep.
constexpr int kDepthMax = 512;
}  // namespace

Result<std::string> canonical_json(std::string_view text) {
  bool too_deep = false;
  const auto watch_depth = [&too_deep](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    too_deep = too_deep || depth > kDepthMax;
    return !too_deep;
  };
  const auto json = nlohmann::json::parse(text, watch_depth, false);  // its objects are sorted maps
  if (too_deep) return Error{Errc::invalid_input, "JSON nests deeper than 512 levels"};
  if (json.is_discarded()) return Error{Errc::invalid_input, "not a JSON text"};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string digest_hex(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text;
}

}  // namespace toolpost
