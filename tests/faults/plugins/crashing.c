/* Turns that die of a signal. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fault.h"

static toolpost_status dereferences_null(const fault_turn* turn) {
  (void)turn;
  *(volatile int*)0 = 1;
  return TOOLPOST_OK;
}

static toolpost_status aborts(const fault_turn* turn) {
  (void)turn;
  abort();
}

static toolpost_status kills_itself(const fault_turn* turn) {
  (void)turn;
  raise(SIGKILL);
  spin();
}

static toolpost_status divides_by_zero(const fault_turn* turn) {
  (void)turn;
  raise(SIGFPE);
  return TOOLPOST_OK;
}

static toolpost_status runs_garbage(const fault_turn* turn) {
  (void)turn;
  __builtin_trap();
}

static toolpost_status ignores_faults(const fault_turn* turn) {
  (void)turn;
  signal(SIGSEGV, SIG_IGN);
  for (;;) *(volatile int*)8 = 1;
}

__attribute__((noinline)) static int deeper(volatile char* above) {
  volatile char here[4096];
  here[0] = above[0];
  here[sizeof here - 1] = 1;
  return deeper(here) + here[0];
}

static toolpost_status overflows_stack(const fault_turn* turn) {
  (void)turn;
  volatile char start[1] = {1};
  return deeper(start);
}

static toolpost_status corrupts_heap(const fault_turn* turn) {
  (void)turn;
  void* volatile blocks[64];
  for (int i = 0; i < 64; ++i) blocks[i] = malloc(2000);
  for (int i = 0; i < 64; ++i) memset((char*)blocks[i] - 16, 0x5a, 2048);
  for (int i = 0; i < 64; ++i) free(blocks[i]);
  abort();
}

/* Makes code of the process writable and writes over it. */
static toolpost_status overwrites_code(const fault_turn* turn) {
  const uintptr_t page = (uintptr_t)turn->table->emit & ~(uintptr_t)4095;
  if (mprotect((void*)page, 8192, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) return reply_worked(turn, 0);
  memset((void*)page, 0xcc, 8192);
  return emit_json(turn, "{}");
}

/* Fresh memory that is both writable and executable, filled with nonsense. */
static toolpost_status runs_data(const fault_turn* turn) {
  void* code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (code == MAP_FAILED) return reply_worked(turn, 0);
  memset(code, 0xcc, 4096);
  void (*run)(void);
  memcpy(&run, &code, sizeof run);
  run();
  return TOOLPOST_OK;
}

static void* crashes_later(void* unused) {
  (void)unused;
  usleep(20000);
  abort();
}

static toolpost_status crashes_after_reply(const fault_turn* turn) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, crashes_later, NULL) != 0) return TOOLPOST_INTERNAL;
  return reply_worked(turn, 0);
}

const fault crashing_faults[] = {{"null", dereferences_null},
                                 {"abort", aborts},
                                 {"kill_itself", kills_itself},
                                 {"divide", divides_by_zero},
                                 {"trap", runs_garbage},
                                 {"ignore_faults", ignores_faults},
                                 {"overflow_stack", overflows_stack},
                                 {"corrupt_heap", corrupts_heap},
                                 {"overwrite_code", overwrites_code},
                                 {"run_data", runs_data},
                                 {"crash_after_reply", crashes_after_reply},
                                 {NULL, NULL}};
