#pragma once
// Counts system calls that the sandbox refuses, inside the process that makes them. Only those that no
// library makes in passing: libraries probe much, and go on when they are told EPERM. A count is news, not a
// defence: a plugin owns its process, and may undo it.

#include <atomic>
#include <cstdint>
#include <span>

#include "base/result.hpp"
#include "worker/refused_power.hpp"

namespace toolpost {

struct ToldCall {
  int number;  // of this machine's architecture
  RefusedPower power;
  bool always = true;  // false: only with some arguments, of which the filter knows
};

/// Lifetime: static.
std::span<const ToldCall> told_calls();

/// From now on each refused call of told_calls() is counted at `counts[power]`. `counts` outlives the
/// process's plugins. Before entering the sandbox with a program that tells (Refusing::telling), which
/// without this ends the process. Errors: unsupported.
Result<void> count_refused_calls(std::atomic<std::uint64_t>* counts);

}  // namespace toolpost
