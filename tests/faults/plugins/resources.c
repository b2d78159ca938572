/* Turns that take all there is of something, and then hang. Every loop ends by itself as well: a sanitizer's
 * build has no limit of address space. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fault.h"

static toolpost_status leaks(const fault_turn* turn) {
  (void)turn;
  for (int i = 0; i < 4096; ++i) {
    char* block = malloc(1 << 20);
    if (block == NULL) spin();
    memset(block, 1, 1 << 20);
  }
  spin();
}

static toolpost_status leaks_past_limit(const fault_turn* turn) {
  const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_AS, &none);
  return leaks(turn);
}

static toolpost_status opens_everything(const fault_turn* turn) {
  (void)turn;
  for (int i = 0; i < 100000 && dup(0) >= 0; ++i) {
  }
  spin();
}

static void* waits(void* unused) {
  (void)unused;
  for (;;) pause();
}

static toolpost_status starts_threads(const fault_turn* turn) {
  (void)turn;
  pthread_t thread;
  for (int i = 0; i < 500 && pthread_create(&thread, NULL, waits, NULL) == 0; ++i) {
  }
  spin();
}

const fault resource_faults[] = {{"leak", leaks},
                                 {"leak_past_limit", leaks_past_limit},
                                 {"open_everything", opens_everything},
                                 {"start_threads", starts_threads},
                                 {NULL, NULL}};
