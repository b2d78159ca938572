#pragma once
// The two faces of the toolpost-worker program. Neither ever sees configuration secrets: the program is
// started with an empty environment before any are read.

#include "worker/spawn_protocol.hpp"

#include <linux/filter.h>
#include <vector>

namespace toolpost {

/// Serves spawn requests on descriptor kSpawnerSocket until it closes; returns the exit status.
int run_spawner();

/// In a freshly forked worker: sandbox, load, turns. Descriptors 3 and 4 are its socket and its status page.
[[noreturn]] void run_worker(const SpawnRequest& request, const std::vector<sock_filter>& seccomp_program);

}  // namespace toolpost
