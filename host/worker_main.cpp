// toolpost-worker: started by toolpost with an empty environment and one socket; see
// worker/worker_process.hpp.
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>

#include "worker/worker_process.hpp"

// The only argument is the pid of the host: if it is not the parent any more, nobody needs us.
int main(int count, char** arguments) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  int type = 0;
  socklen_t size = sizeof type;
  if (getsockopt(toolpost::kSpawnerSocket, SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
      type != SOCK_SEQPACKET || count != 2) {
    std::fputs("toolpost-worker is started by toolpost, not by hand\n", stderr);
    return 2;
  }
  if (std::to_string(getppid()) != arguments[1]) return 3;
  return toolpost::run_spawner();
}
