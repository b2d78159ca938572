/* Turns that start an effect when they may not any more. The driver's server counts whom it reaches. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "packet.h"

static const char nothing_worked[] = "{\"ok\":true,\"worked\":0}";

static int http_request(const fault_turn* turn, char* json, size_t size) {
  char url[256];
  if (!request_member(turn->request, "url", url, sizeof url)) return 0;
  snprintf(json, size, "{\"method\":\"GET\",\"url\":\"%s\"}", url);
  return 1;
}

static toolpost_status start_http(const fault_turn* turn, const char* json, toolpost_effect* effect) {
  const toolpost_text kind = {"http", 4};
  const toolpost_text request = {json, strlen(json)};
  return turn->table->start(turn->call, kind, request, 0, effect);
}

static void put_frame(packet* whole, uint64_t number, const packet* output) {
  put_header(whole, frame_turn_done, 0, (uint32_t)output->size, number);
  put(whole, output->bytes, output->size);
}

/* What the others below send too late, sent in time: the effect is performed. Its digest is wrong, so that
 * the second turn does not find its own. */
static toolpost_status starts_effect_by_hand(const fault_turn* turn) {
  char json[320];
  toolpost_effect effect;
  toolpost_text result;
  if (!http_request(turn, json, sizeof json)) return TOOLPOST_INVALID_INPUT;
  const toolpost_status status = start_http(turn, json, &effect);
  if (status != TOOLPOST_OK) return status;
  if (turn->table->wait(turn->call, effect, &result) == TOOLPOST_OK) return reply_worked(turn, 1);
  packet output = {.size = 0};
  packet whole = {.size = 0};
  put_effect(&output, NULL, json);
  put_frame(&whole, turn->number, &output);
  send_packet(&whole, -1, 0);
  _exit(0); /* or the worker's own code would say the same */
}

static toolpost_status starts_effect_unwaited(const fault_turn* turn) {
  char json[320];
  toolpost_effect effect;
  if (!http_request(turn, json, sizeof json)) return TOOLPOST_INVALID_INPUT;
  const toolpost_status status = reply_worked(turn, 0);
  return status == TOOLPOST_OK ? start_http(turn, json, &effect) : status;
}

static toolpost_status starts_effect_with_reply(const fault_turn* turn) {
  char json[320];
  packet output = {.size = 0};
  packet whole = {.size = 0};
  if (!http_request(turn, json, sizeof json)) return TOOLPOST_INVALID_INPUT;
  put_effect(&output, nothing_worked, json);
  put_frame(&whole, turn->number, &output);
  send_packet(&whole, -1, 0);
  spin();
}

/* Both frames in one packet, so that nothing comes between them. */
static toolpost_status starts_effect_after_reply(const fault_turn* turn) {
  char json[320];
  packet reply = {.size = 0};
  packet effect = {.size = 0};
  packet whole = {.size = 0};
  if (!http_request(turn, json, sizeof json)) return TOOLPOST_INVALID_INPUT;
  put_output(&reply, 0, nothing_worked);
  put_effect(&effect, NULL, json);
  put_frame(&whole, turn->number, &reply);
  put_frame(&whole, turn->number, &effect);
  send_packet(&whole, -1, 0);
  spin();
}

static packet late;

static void* sends_late(void* unused) {
  (void)unused;
  usleep(20000);
  send_packet(&late, -1, 0);
  return NULL;
}

static toolpost_status starts_effect_long_after_reply(const fault_turn* turn) {
  char json[320];
  packet effect = {.size = 0};
  pthread_t thread;
  if (!http_request(turn, json, sizeof json)) return TOOLPOST_INVALID_INPUT;
  put_effect(&effect, NULL, json);
  late.size = 0;
  put_frame(&late, turn->number, &effect);
  if (pthread_create(&thread, NULL, sends_late, NULL) != 0) return TOOLPOST_INTERNAL;
  return reply_worked(turn, 0);
}

const fault late_effect_faults[] = {{"effect_by_hand", starts_effect_by_hand},
                                    {"effect_unwaited", starts_effect_unwaited},
                                    {"effect_with_reply", starts_effect_with_reply},
                                    {"effect_after_reply", starts_effect_after_reply},
                                    {"effect_long_after_reply", starts_effect_long_after_reply},
                                    {NULL, NULL}};
