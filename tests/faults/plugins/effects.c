/* Turns that misuse the call table: too many effects, effects without end, handles that are not theirs. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "fault.h"

static toolpost_status start_sleep(const fault_turn* turn, unsigned ms, toolpost_effect* effect) {
  char json[32];
  const int size = snprintf(json, sizeof json, "{\"ms\":%u}", ms);
  const toolpost_text kind = {"sleep", 5};
  const toolpost_text request = {json, (uint64_t)size};
  return turn->table->start(turn->call, kind, request, 0, effect);
}

static toolpost_status floods_effects(const fault_turn* turn) {
  toolpost_effect effect;
  for (;;) start_sleep(turn, 1, &effect);
}

static toolpost_status floods_then_waits(const fault_turn* turn) {
  toolpost_effect first = 0;
  toolpost_effect effect;
  toolpost_text result;
  start_sleep(turn, 1, &first);
  for (int i = 0; i < 10000; ++i) start_sleep(turn, 1, &effect);
  const toolpost_status status = turn->table->wait(turn->call, first, &result);
  return status == TOOLPOST_OK ? reply_worked(turn, 0) : status;
}

static toolpost_status waits_without_end(const fault_turn* turn) {
  for (;;) {
    toolpost_effect effect;
    toolpost_text result;
    toolpost_status status = start_sleep(turn, 0, &effect);
    if (status == TOOLPOST_OK) status = turn->table->wait(turn->call, effect, &result);
    if (status != TOOLPOST_OK) return status;
  }
}

static toolpost_status sleeps_past_deadline(const fault_turn* turn) {
  toolpost_effect effect;
  toolpost_text result;
  const toolpost_status status = start_sleep(turn, 3600000, &effect);
  return status == TOOLPOST_OK ? turn->table->wait(turn->call, effect, &result) : status;
}

static toolpost_status hangs_after_effect(const fault_turn* turn) {
  toolpost_effect effect;
  toolpost_text result;
  start_sleep(turn, 1, &effect);
  const toolpost_status status = turn->table->wait(turn->call, effect, &result);
  if (status != TOOLPOST_OK) return status;
  spin();
}

static toolpost_status changes_its_mind(const fault_turn* turn) {
  toolpost_effect effect;
  toolpost_text result;
  start_sleep(turn, (unsigned)(monotonic_ms() % 1000) + 1, &effect);
  const toolpost_status status = turn->table->wait(turn->call, effect, &result);
  if (status != TOOLPOST_OK) return status;
  return reply_worked(turn, 1);
}

static toolpost_status suspends_for_nothing(const fault_turn* turn) {
  (void)turn;
  return TOOLPOST_SUSPENDED;
}

/* Counts what an old or foreign handle can still do; it should be nothing. */
static unsigned uses(const fault_turn* turn, toolpost_call handle) {
  fault_turn stale = *turn;
  stale.call = handle;
  toolpost_effect effect;
  toolpost_text result;
  unsigned worked = start_sleep(&stale, 1, &effect) == TOOLPOST_OK;
  worked += turn->table->wait(handle, 1, &result) == TOOLPOST_OK;
  worked += emit_json(&stale, "{\"stolen\":true}") == TOOLPOST_OK;
  worked += turn->table->now_ms(handle) != 0;
  return worked + (turn->table->random(handle) != 0);
}

static toolpost_status uses_stale_handles(const fault_turn* turn) {
  unsigned worked = uses(turn, 0) + uses(turn, UINT64_MAX);
  static toolpost_call kept;
  if (kept != 0) worked += uses(turn, kept);
  for (uint64_t back = 1; back < 100; ++back) worked += uses(turn, turn->call - (back << 8));
  kept = turn->call;
  return reply_worked(turn, worked);
}

typedef struct theft {
  const fault_turn* turn;
  unsigned worked;
} theft;

static void* uses_on_thread(void* context) {
  theft* one = (theft*)context;
  one->worked = uses(one->turn, one->turn->call);
  return NULL;
}

static toolpost_status uses_handle_on_thread(const fault_turn* turn) {
  theft one = {turn, 0};
  pthread_t thread;
  if (pthread_create(&thread, NULL, uses_on_thread, &one) != 0) return TOOLPOST_INTERNAL;
  pthread_join(thread, NULL);
  return reply_worked(turn, one.worked);
}

const fault effect_faults[] = {{"flood_effects", floods_effects},
                               {"flood_then_wait", floods_then_waits},
                               {"wait_without_end", waits_without_end},
                               {"sleep_past_deadline", sleeps_past_deadline},
                               {"hang_after_effect", hangs_after_effect},
                               {"change_its_mind", changes_its_mind},
                               {"suspend_for_nothing", suspends_for_nothing},
                               {"use_stale_handles", uses_stale_handles},
                               {"use_handle_on_thread", uses_handle_on_thread},
                               {NULL, NULL}};
