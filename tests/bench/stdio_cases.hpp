#pragma once
// The cases with a client: the same calls against `toolpost serve`, two bare loops and the npm SDK; starts
// and memory.

#include <string_view>

namespace toolpost::bench {

/// Prints one table of throughput, latency and processor time, each server beside the same row of the others;
/// only the loads whose name begins with `load`.
void print_stdio_table(std::string_view load);

/// Prints the time from spawn to the first answer, and what an idle host and worker occupy.
void print_start_and_memory();

}  // namespace toolpost::bench
