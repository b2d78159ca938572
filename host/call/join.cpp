#include "call/join.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace toolpost {
namespace {
constexpr unsigned kIndexBits = 16;  // turns.effects_max is at most 4096
}

std::uint64_t effect_handle(std::uint64_t seed, std::size_t index) {
  // 47 bits in all, so that a handle survives JSON readers that keep numbers as doubles.
  return ((seed & 0x7fffffffULL) << kIndexBits) | (index + 1);
}

std::optional<std::size_t> effect_index(std::uint64_t seed, std::uint64_t handle) {
  const std::uint64_t place = handle & ((1ULL << kIndexBits) - 1);
  if (place == 0 || effect_handle(seed, place - 1) != handle) return std::nullopt;
  return place - 1;
}

Result<Join> parse_join(std::string_view request, std::uint64_t seed, std::size_t own_index) {
  const auto json = nlohmann::json::parse(request, nullptr, false);
  if (!json.is_object() || !json.contains("handles") || !json["handles"].is_array() ||
      json["handles"].empty()) {
    return Error{Errc::invalid_input, "join: \"handles\" must be a list of at least one started effect"};
  }
  Join join;
  for (const auto& item : json["handles"]) {
    const auto index =
        item.is_number_unsigned() ? effect_index(seed, item.get<std::uint64_t>()) : std::nullopt;
    if (!index || *index >= own_index) {
      return Error{Errc::invalid_input,
                   "join: " + item.dump() + " is no effect that this call started before"};
    }
    if (std::find(join.indices.begin(), join.indices.end(), *index) == join.indices.end()) {
      join.indices.push_back(*index);
    }
  }
  const auto whole = [&](const char* key, std::uint64_t fallback) -> std::optional<std::uint64_t> {
    if (!json.contains(key)) return fallback;
    return json[key].is_number_unsigned() ? std::optional(json[key].get<std::uint64_t>()) : std::nullopt;
  };
  const auto need = whole("need", join.indices.size());
  const auto timeout = whole("timeout_ms", 0);
  if (!need || *need < 1 || *need > join.indices.size()) {
    return Error{Errc::invalid_input, "join: \"need\" must be between 1 and the number of handles"};
  }
  if (!timeout || *timeout > 86'400'000) {
    return Error{Errc::invalid_input, "join: \"timeout_ms\" must be between 0 and 86400000"};
  }
  join.need = static_cast<std::uint32_t>(*need);
  join.timeout_ms = static_cast<std::uint32_t>(*timeout);
  return join;
}

std::optional<std::string> settle_join(const Join& join, const Journal& journal, JoinTime time) {
  std::vector<std::size_t> done;
  for (const std::size_t index : join.indices) {
    if (journal.done(index)) done.push_back(index);
  }
  const bool enough = done.size() >= join.need;
  if (!enough && time == JoinTime::running) return std::nullopt;
  const auto& entries = journal.entries();
  std::sort(done.begin(), done.end(),
            [&](std::size_t a, std::size_t b) { return entries[a].done_order < entries[b].done_order; });
  std::string json = "{\"done\":[";
  for (const std::size_t index : done) {
    if (json.back() != '[') json += ',';
    json += std::to_string(effect_handle(journal.header().seed, index));
  }
  json += enough ? "],\"timed_out\":false}" : "],\"timed_out\":true}";
  return json;
}

}  // namespace toolpost
