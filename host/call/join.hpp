#pragma once
// The `join` effect: waits until `need` of some started effects are done, or a time has passed.
// Pure: says whether a join is settled and with what; the runtime keeps its timer.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "call/journal.hpp"

namespace toolpost {

struct Join {
  std::vector<std::size_t> indices;  // of the journal
  std::uint32_t need = 0;            // 1..indices.size()
  std::uint32_t timeout_ms = 0;      // 0: no time of its own
};

/// An effect handle as plugins see it: the call's generation above its index plus one. The same in every
/// turn.
std::uint64_t effect_handle(std::uint64_t seed, std::size_t index);
/// The index behind a handle of this call, or nullopt for a foreign one.
std::optional<std::size_t> effect_index(std::uint64_t seed, std::uint64_t handle);

/// Reads {"handles":[...], "need":n, "timeout_ms":t}; `own_index` is the join's own place, which it may not
/// await.
Result<Join> parse_join(std::string_view request, std::uint64_t seed, std::size_t own_index);

enum class JoinTime { running, over };
/// The join's result JSON {"done":[handles in the order they finished],"timed_out":bool}, or nullopt to go on
/// waiting.
std::optional<std::string> settle_join(const Join& join, const Journal& journal, JoinTime time);

}  // namespace toolpost
