/* Turns that do not end. The host must end them at turn_max. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"

static toolpost_status spins(const fault_turn* turn) {
  (void)turn;
  spin();
}

static toolpost_status spins_deaf(const fault_turn* turn) {
  (void)turn;
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  for (int number = 1; number < 32; ++number) signal(number, SIG_IGN);
  spin();
}

static toolpost_status pauses(const fault_turn* turn) {
  (void)turn;
  for (;;) pause();
}

static toolpost_status deadlocks(const fault_turn* turn) {
  (void)turn;
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&mutex);
  pthread_mutex_lock(&mutex);
  return TOOLPOST_OK;
}

static toolpost_status stops_itself(const fault_turn* turn) {
  (void)turn;
  raise(SIGSTOP);
  spin();
}

static void* spins_on_thread(void* unused) {
  (void)unused;
  spin();
}

static toolpost_status spins_on_threads(const fault_turn* turn) {
  (void)turn;
  pthread_t thread;
  for (int i = 0; i < 16; ++i) pthread_create(&thread, NULL, spins_on_thread, NULL);
  spin();
}

static toolpost_status outlives(const fault_turn* turn) {
  (void)turn;
  prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
  setpriority(PRIO_PROCESS, 0, -20);
  spin();
}

/* Ends by itself, but only after the host has given up: nobody may see this answer. */
static toolpost_status answers_late(const fault_turn* turn) {
  const uint64_t until = monotonic_ms() + 2000;
  while (monotonic_ms() < until) {
  }
  return reply_worked(turn, 1);
}

static void on_fault(int number) {
  (void)number; /* returns to the instruction that faulted */
}

static toolpost_status faults_for_ever(const fault_turn* turn) {
  (void)turn;
  signal(SIGSEGV, on_fault);
  *(volatile int*)8 = 1;
  spin();
}

static toolpost_status hangs_at_exit(const fault_turn* turn) {
  (void)turn;
  atexit(spin);
  exit(0);
}

static volatile int destructor_armed;

__attribute__((destructor)) static void hang_in_destructor(void) {
  if (destructor_armed) spin();
}

static toolpost_status hangs_in_destructor(const fault_turn* turn) {
  (void)turn;
  destructor_armed = 1;
  exit(0);
}

static void hang_in_key(void* unused) {
  (void)unused;
  spin();
}

static void* sets_key(void* key) {
  pthread_setspecific(*(pthread_key_t*)key, key);
  return NULL;
}

static toolpost_status hangs_in_thread_destructor(const fault_turn* turn) {
  (void)turn;
  pthread_key_t key;
  pthread_t thread;
  pthread_key_create(&key, hang_in_key);
  if (pthread_create(&thread, NULL, sets_key, &key) != 0) return TOOLPOST_INTERNAL;
  pthread_join(thread, NULL);
  return TOOLPOST_OK;
}

const fault hanging_faults[] = {{"spin", spins},
                                {"spin_deaf", spins_deaf},
                                {"pause", pauses},
                                {"deadlock", deadlocks},
                                {"stop_itself", stops_itself},
                                {"spin_on_threads", spins_on_threads},
                                {"outlive", outlives},
                                {"answer_late", answers_late},
                                {"fault_for_ever", faults_for_ever},
                                {"hang_at_exit", hangs_at_exit},
                                {"hang_in_destructor", hangs_in_destructor},
                                {"hang_in_thread_destructor", hangs_in_thread_destructor},
                                {NULL, NULL}};
