/* What the faults share. Each file holds one family of faults as a table of name and function; misbehave.c
 * runs them. Everything here is what a hostile plugin may do as well: it knows only its own process. */
#ifndef TOOLPOST_TESTS_FAULT_H
#define TOOLPOST_TESTS_FAULT_H

#include <stddef.h>
#include <stdint.h>
#include <toolpost/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One turn that misbehaves. */
typedef struct fault_turn {
  const toolpost_call_1* table;
  toolpost_call call;
  uint64_t number;     /* the turn's place in this worker, as the wire counts it */
  const char* request; /* zero-terminated copy */
} fault_turn;

typedef struct fault {
  const char* name;
  toolpost_status (*run)(const fault_turn* turn);
} fault;

/* Each ends with an entry without a name. */
extern const fault hanging_faults[];
extern const fault crashing_faults[];
extern const fault ending_faults[];
extern const fault resource_faults[];
extern const fault escaping_faults[];
extern const fault replying_faults[];
extern const fault effect_faults[];
extern const fault frame_faults[];
extern const fault throwing_faults[];
extern const fault late_effect_faults[];

__attribute__((noreturn)) void spin(void);
uint64_t monotonic_ms(void);
/* Replies {"ok":true,"worked":N}: how many of the forbidden things worked. */
toolpost_status reply_worked(const fault_turn* turn, unsigned worked);
toolpost_status emit_json(const fault_turn* turn, const char* json);
/* The text of a member of the request, or of anything else that looks like one; 0 if it is not there. */
int request_member(const char* request, const char* key, char* value, size_t size);

#ifdef __cplusplus
}
#endif

#endif
