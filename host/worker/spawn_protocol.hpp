#pragma once
// What the host asks of the spawner and what it hears back, as fixed records on a SOCK_SEQPACKET pair.
// Both ends are ours and of one build.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace toolpost {

/// Descriptors that travel with a request, in this order: worker's socket, status page, captured stdio.
constexpr int kSpawnFds = 3;
constexpr int kSpawnerSocket = 3;  // the descriptor the spawner starts with

struct SpawnRequest {
  std::uint64_t worker = 0;
  std::int32_t level_max = 3;
  std::uint32_t files_max = 128;
  std::uint64_t memory_bytes_max = 0;
  std::uint64_t file_bytes_max = 0;
  std::uint64_t output_bytes_max = 0;
  std::uint32_t effects_max = 0;
  std::uint32_t log_lines_max = 0;
  char plugin[4000] = {};  // absolute path of the private copy, zero-terminated
};

enum class SpawnNews : std::uint32_t {
  spawned = 1,  // with a pidfd; value is the pid
  failed = 2,   // value is errno
  died = 3,     // value is the wait status
};

struct SpawnReply {
  SpawnNews news{};
  std::int32_t value = 0;
  std::uint64_t worker = 0;
};

}  // namespace toolpost
