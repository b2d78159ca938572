#pragma once
// Memory for the moment when there is none: what `new` asks for in vain then is taken from here, so that the
// calls that run can end. Whoever takes new work asks memory_is_short() first. Costs address space, and no
// memory until then.

#include <cstddef>

namespace toolpost {

inline constexpr std::size_t kMemoryReserve = 64 << 20;

/// Sets the reserve aside, or tries to do so again once it was given out; true if it is there. Threads: any.
bool hold_memory_reserve();
/// The reserve was given out and is not back. False where none was ever held. Threads: any.
bool memory_is_short();

}  // namespace toolpost
