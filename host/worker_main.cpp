// toolpost-worker: started by toolpost with an empty environment and one socket; see
// worker/worker_process.hpp.
#include <sys/prctl.h>
#include <sys/socket.h>

#include <csignal>
#include <cstdio>

#include "worker/worker_process.hpp"

int main() {
  int type = 0;
  socklen_t size = sizeof type;
  if (getsockopt(toolpost::kSpawnerSocket, SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
      type != SOCK_SEQPACKET) {
    std::fputs("toolpost-worker is started by toolpost, not by hand\n", stderr);
    return 2;
  }
  return toolpost::run_spawner();
}
