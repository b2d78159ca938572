/* Turns that end the process, or take away what it needs to answer. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "fault.h"

static toolpost_status exits(const fault_turn* turn) {
  (void)turn;
  exit(0);
}

static toolpost_status exits_at_once(const fault_turn* turn) {
  (void)turn;
  _exit(3);
}

static toolpost_status closes_everything(const fault_turn* turn) {
  (void)turn;
  for (int fd = 0; fd < 4096; ++fd) close(fd);
  spin();
}

/* The main thread ends, another one lives on: the process is neither dead nor answering. */
static toolpost_status ends_its_thread(const fault_turn* turn) {
  (void)turn;
  pthread_t thread;
  if (pthread_create(&thread, NULL, (void* (*)(void*))(void (*)(void))spin, NULL) != 0)
    return TOOLPOST_INTERNAL;
  pthread_exit(NULL);
}

const fault ending_faults[] = {{"exit", exits},
                               {"exit_at_once", exits_at_once},
                               {"close_everything", closes_everything},
                               {"end_its_thread", ends_its_thread},
                               {NULL, NULL}};
