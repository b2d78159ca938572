/* Turns that try to leave the sandbox and then answer how much of it worked. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"

static toolpost_status forks(const fault_turn* turn) {
  unsigned worked = 0;
  for (int i = 0; i < 100; ++i) {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    worked += child > 0;
  }
  return reply_worked(turn, worked);
}

/* Whoever made a child so waits in the kernel, deaf to every signal but SIGKILL, until it ends or executes
 * something. */
static toolpost_status vforks(const fault_turn* turn) {
  const pid_t child = vfork();
  if (child == 0) {
    for (;;) pause();
  }
  return reply_worked(turn, child > 0);
}

static toolpost_status executes(const fault_turn* turn) {
  execl("/bin/true", "true", (char*)NULL);
  return reply_worked(turn, 0); /* it would not come here */
}

static toolpost_status kills_others(const fault_turn* turn) {
  unsigned worked = 0;
  worked += kill(getppid(), SIGKILL) == 0;
  worked += kill(-1, SIGKILL) == 0;
  worked += kill(0, SIGKILL) == 0;
  worked += ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0;
  return reply_worked(turn, worked);
}

static toolpost_status opens_devices(const fault_turn* turn) {
  const int zero = open("/dev/zero", O_RDONLY);
  char buffer[4096];
  for (;;) {
    if (read(zero, buffer, sizeof buffer) < 0) return reply_worked(turn, zero >= 0);
  }
}

/* An open of a FIFO without a writer waits for ever, if it is let. */
static toolpost_status opens_fifo(const fault_turn* turn) {
  char path[512];
  if (!request_member(turn->request, "path", path, sizeof path)) return TOOLPOST_INVALID_INPUT;
  return reply_worked(turn, open(path, O_RDONLY) >= 0);
}

static toolpost_status connects(const fault_turn* turn) {
  return reply_worked(turn, (unsigned)(socket(AF_INET, SOCK_STREAM, 0) >= 0) +
                                (unsigned)(socket(AF_UNIX, SOCK_STREAM, 0) >= 0));
}

const fault escaping_faults[] = {{"fork", forks},
                                 {"vfork", vforks},
                                 {"execute", executes},
                                 {"kill_others", kills_others},
                                 {"open_devices", opens_devices},
                                 {"open_fifo", opens_fifo},
                                 {"connect", connects},
                                 {NULL, NULL}};
