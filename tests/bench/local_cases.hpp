#pragma once
// The cases without a client: what a call costs as a function, as a turn, as bare messages and through a
// whole host.

#include <cstddef>
#include <string>

namespace toolpost::bench {

enum class Cores { one, all };

/// Each returns the nanoseconds of one echo of `bytes`, or throws std::runtime_error saying what is missing.
double direct_call_ns(std::size_t bytes);
double in_process_turn_ns(std::size_t bytes);
double packet_ping_pong_ns(std::size_t bytes, Cores cores);
/// Through the whole chain of a host with isolation.mode `mode`, without a client; `in_flight` calls at a
/// time: 1 gives the latency.
double call_ns(std::size_t bytes, Cores cores, std::size_t in_flight, const char* mode);

}  // namespace toolpost::bench
