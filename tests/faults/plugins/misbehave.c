/* The plugin of the fault matrix: "misbehave" does what `how` names, "behave" is the innocent call beside it.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"

static const toolpost_call_1* table;
static uint64_t turns;

void spin(void) {
  for (volatile unsigned long round = 0;; ++round) {
  }
}

static uint64_t monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t monotonic_ms(void) {
  return monotonic_ns() / 1000000;
}

int request_member(const char* request, const char* key, char* value, size_t size) {
  char quoted[64];
  snprintf(quoted, sizeof quoted, "\"%s\"", key);
  const char* at = strstr(request, quoted);
  if (at == NULL || (at = strchr(at + strlen(quoted), ':')) == NULL || (at = strchr(at, '"')) == NULL)
    return 0;
  const char* end = strchr(++at, '"');
  if (end == NULL || (size_t)(end - at) >= size) return 0;
  memcpy(value, at, (size_t)(end - at));
  value[end - at] = '\0';
  return 1;
}

toolpost_status emit_json(const fault_turn* turn, const char* json) {
  static const char type[] = "application/json";
  const toolpost_text media = {type, sizeof type - 1};
  const toolpost_text part = {json, strlen(json)};
  return turn->table->emit(turn->call, media, part);
}

toolpost_status reply_worked(const fault_turn* turn, unsigned worked) {
  char json[64];
  snprintf(json, sizeof json, "{\"ok\":true,\"worked\":%u}", worked);
  return emit_json(turn, json);
}

static toolpost_status create(const toolpost_host* host, toolpost_text config, void** instance) {
  (void)config;
  table = (const toolpost_call_1*)host->get_interface(TOOLPOST_CALL_1);
  *instance = NULL;
  return table == NULL ? TOOLPOST_UNSUPPORTED : TOOLPOST_OK;
}

static toolpost_status behave(const fault_turn* turn) {
  char token[64];
  char json[96];
  if (!request_member(turn->request, "token", token, sizeof token)) return TOOLPOST_INVALID_INPUT;
  snprintf(json, sizeof json, "{\"token\":\"%s\"}", token);
  return emit_json(turn, json);
}

/* Tells on standard error when the fault began, so that the driver knows how soon the host noticed it. */
static void announce(const fault_turn* turn) {
  char token[64] = "none";
  char line[128];
  request_member(turn->request, "token", token, sizeof token);
  const int size = snprintf(line, sizeof line, "begins %s %llu\n", token, (unsigned long long)monotonic_ns());
  if (write(2, line, (size_t)size) < 0) return;
}

static toolpost_status misbehave(const fault_turn* turn) {
  const fault* const families[] = {hanging_faults,  crashing_faults,   ending_faults, resource_faults,
                                   escaping_faults, replying_faults,   effect_faults, frame_faults,
                                   throwing_faults, late_effect_faults};
  char how[64];
  if (!request_member(turn->request, "how", how, sizeof how)) return TOOLPOST_INVALID_INPUT;
  for (size_t i = 0; i < sizeof families / sizeof *families; ++i) {
    for (const fault* one = families[i]; one->name != NULL; ++one) {
      if (strcmp(one->name, how) != 0) continue;
      announce(turn);
      return one->run(turn);
    }
  }
  return TOOLPOST_NOT_FOUND;
}

static toolpost_status invoke(void* instance, toolpost_call call, toolpost_text method,
                              toolpost_text request) {
  (void)instance;
  static char copy[4096];
  const size_t size = request.size < sizeof copy - 1 ? request.size : sizeof copy - 1;
  if (size > 0) memcpy(copy, request.data, size);
  copy[size] = '\0';
  const fault_turn turn = {table, call, ++turns, copy};
  if (method.size == 6 && memcmp(method.data, "behave", 6) == 0) return behave(&turn);
  return misbehave(&turn);
}

static void destroy(void* instance) {
  (void)instance;
}

static const void* get_interface(const char* id) {
  static const toolpost_invokable_1 invokable = {create, invoke, destroy};
  return strcmp(id, TOOLPOST_INVOKABLE_1) == 0 ? &invokable : NULL;
}

const toolpost_plugin* toolpost_plugin_entry(uint32_t abi_major) {
  static const toolpost_plugin plugin = {sizeof plugin, TOOLPOST_ABI_MINOR, get_interface};
  return abi_major == TOOLPOST_ABI_MAJOR ? &plugin : NULL;
}
