#pragma once
// Reads of /proc about other processes: CPU time and memory of a server and everything below it; pinning of
// ourselves.

#include <sys/types.h>

#include <optional>
#include <vector>

namespace toolpost::bench {

/// All living descendants of `pid`, parents before children; without `pid` itself.
std::vector<pid_t> descendants(pid_t pid);

/// User plus system time of `pid` and of its children that ended, in seconds; steps of 10 ms. 0 if it is
/// gone.
double cpu_seconds(pid_t pid);

/// From smaps_rollup, in KiB. Nothing when unreadable, as it is for other users than root.
struct Memory {
  long rss = 0;
  long pss = 0;
  long own = 0;  // Private_Clean + Private_Dirty
};
std::optional<Memory> memory_of(pid_t pid);

/// Keeps this process, and what it starts from now on, on core 0 until destroyed.
class Pin {
 public:
  Pin();
  ~Pin();
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;
};

}  // namespace toolpost::bench
