/* Turns that answer what cannot be answered, or without end. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fault.h"

static const toolpost_text json_type = {"application/json", 16};

static toolpost_status emit(const fault_turn* turn, const char* bytes, uint64_t size) {
  const toolpost_text part = {bytes, size};
  return turn->table->emit(turn->call, json_type, part);
}

static toolpost_status claims_too_much(const fault_turn* turn) {
  emit(turn, "{}", UINT64_C(1) << 40);
  return TOOLPOST_OK;
}

/* A length within the bounds that leads past the end of the memory that is there. */
static toolpost_status claims_past_memory(const fault_turn* turn) {
  char* pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return TOOLPOST_INTERNAL;
  munmap(pages + 4096, 4096);
  emit(turn, pages, 64 << 10);
  return TOOLPOST_OK;
}

static toolpost_status drips(const fault_turn* turn) {
  const toolpost_text text_type = {"text/plain", 10};
  const toolpost_text byte = {"x", 1};
  for (;;) {
    turn->table->emit(turn->call, text_type, byte);
    usleep(10000);
  }
}

static toolpost_status never_stops(const fault_turn* turn) {
  static char block[1 << 16];
  for (;;) emit(turn, block, sizeof block);
}

static toolpost_status floods(const fault_turn* turn) {
  static char block[1 << 16];
  memset(block, ' ', sizeof block);
  while (emit(turn, block, sizeof block) == TOOLPOST_OK) {
  }
  return TOOLPOST_OK;
}

static toolpost_status replies_nothing(const fault_turn* turn) {
  (void)turn;
  return TOOLPOST_OK;
}

static toolpost_status replies_broken_text(const fault_turn* turn) {
  return emit_json(turn, "{\"text\":\"\xc3\x28\xff\"}");
}

static toolpost_status replies_half_json(const fault_turn* turn) {
  return emit_json(turn, "{\"text\":");
}

static toolpost_status replies_deep_json(const fault_turn* turn) {
  static char deep[20002];
  memset(deep, '[', 10000);
  memset(deep + 10000, ']', 10000);
  return emit_json(turn, deep);
}

static toolpost_status answers_unknown_status(const fault_turn* turn) {
  (void)turn;
  return 12345;
}

static toolpost_status writes_to_stdout(const fault_turn* turn) {
  static char line[4096];
  memset(line, '#', sizeof line);
  for (int i = 0; i < 4096; ++i) {
    if (write(1, line, sizeof line) < 0) continue; /* nobody may be held up by a full pipe */
  }
  return reply_worked(turn, 0);
}

static toolpost_status logs_without_end(const fault_turn* turn) {
  static char line[8192];
  memset(line, 'l', sizeof line);
  const toolpost_text text = {line, sizeof line};
  for (int i = 0; i < 20000; ++i) turn->table->log(turn->call, TOOLPOST_LOG_INFO, text);
  return reply_worked(turn, 0);
}

const fault replying_faults[] = {{"claim_too_much", claims_too_much},
                                 {"claim_past_memory", claims_past_memory},
                                 {"drip", drips},
                                 {"never_stop", never_stops},
                                 {"flood", floods},
                                 {"reply_nothing", replies_nothing},
                                 {"reply_broken_text", replies_broken_text},
                                 {"reply_half_json", replies_half_json},
                                 {"reply_deep_json", replies_deep_json},
                                 {"unknown_status", answers_unknown_status},
                                 {"write_to_stdout", writes_to_stdout},
                                 {"log_without_end", logs_without_end},
                                 {NULL, NULL}};
