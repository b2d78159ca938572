/* Toolpost plugin ABI, major 1.
 *
 * A plugin is one shared library that exports one function, toolpost_plugin_entry. It runs in a worker process and
 * has no power of its own: everything it wants from the outside is an *effect* that the host performs. A call runs in
 * *turns*: when a result is not there yet, wait() answers TOOLPOST_SUSPENDED, the plugin returns that status, and the
 * host runs invoke() again from the top once the result has come; what was asked for before then answers at once.
 *
 * Rules for both sides
 *  - Text is UTF-8; payloads are JSON unless a media type says otherwise. Sizes are in bytes, without a closing zero.
 *  - Inputs are borrowed until the function returns. Outputs are pushed and copied. Nobody frees the other's memory.
 *  - Function tables never change once published; more functions mean a new id. Records begin with `size` and may
 *    grow at the end: read a field only if `size` covers it.
 *  - Nothing unwinds across a function of this header: no C++ exception, no longjmp, in either direction.
 *  - Between effects a plugin depends on nothing but request, configuration and effect results. Time and randomness
 *    come from the call table, not from the system.
 *
 * Each function carries one thread tag, alone on the last line of its comment:
 *  [main]  only while no other function of the plugin runs
 *  [call]  only on the thread that runs invoke(), while it runs
 *  [any]   from any thread, at any time
 */
#ifndef TOOLPOST_PLUGIN_H
#define TOOLPOST_PLUGIN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TOOLPOST_ABI_MAJOR 1u
#define TOOLPOST_ABI_MINOR 0u

#define TOOLPOST_ENTRY_SYMBOL "toolpost_plugin_entry"
#define TOOLPOST_MANIFEST_SECTION ".toolpost.manifest"
#define TOOLPOST_INVOKABLE_1 "toolpost.invokable/1"
#define TOOLPOST_CALL_1 "toolpost.call/1"

/* The outcome of a function. Unknown values mean TOOLPOST_INTERNAL. */
typedef int32_t toolpost_status;
#define TOOLPOST_OK 0                 /* done */
#define TOOLPOST_SUSPENDED 1          /* the result is not there yet; return this from invoke() */
#define TOOLPOST_CANCELLED 2          /* the caller no longer wants an answer */
#define TOOLPOST_DEADLINE 3           /* a time limit fired */
#define TOOLPOST_INVALID_INPUT 4      /* the request is wrong; the same request will stay wrong */
#define TOOLPOST_NOT_FOUND 5
#define TOOLPOST_PERMISSION 6         /* the operator has not granted this */
#define TOOLPOST_UNAUTHENTICATED 7    /* a key is missing or was refused */
#define TOOLPOST_RATE_LIMITED 8       /* come back later; see retry_after_ms */
#define TOOLPOST_UNAVAILABLE 9        /* an upstream is down; coming back later may help */
#define TOOLPOST_CONFLICT 10
#define TOOLPOST_EXHAUSTED 11         /* a limit, quota or budget is spent */
#define TOOLPOST_CONTENT_BLOCKED 12   /* an upstream refused the content */
#define TOOLPOST_CONTEXT_TOO_LONG 13  /* the input must shrink first */
#define TOOLPOST_BAD_UPSTREAM 14      /* an upstream answered nonsense */
#define TOOLPOST_UNSUPPORTED 15       /* this host, client or plugin cannot do it */
#define TOOLPOST_INTERNAL 16          /* a bug */

/* Whether a failed thing may have changed or cost something. */
typedef int32_t toolpost_side_effect;
#define TOOLPOST_SIDE_EFFECT_NONE 0
#define TOOLPOST_SIDE_EFFECT_MAYBE 1
#define TOOLPOST_SIDE_EFFECT_DONE 2

typedef int32_t toolpost_log_level;
#define TOOLPOST_LOG_DEBUG 0
#define TOOLPOST_LOG_INFO 1
#define TOOLPOST_LOG_WARN 2
#define TOOLPOST_LOG_ERROR 3

/* Borrowed bytes; never a null `data` with a `size` above 0. */
typedef struct toolpost_text {
  const char *data;
  uint64_t size;
} toolpost_text;

/* One run of invoke(). Index plus generation: a stale one is an error, never a crash. */
typedef uint64_t toolpost_call;

/* One started effect. The same in every turn of a call; never 0. */
typedef uint64_t toolpost_effect;

/* What the host offers to a running call: "toolpost.call/1". */
typedef struct toolpost_call_1 {
  /* Asks the host for an effect ("http", "provider", "file.read", "sleep", "join", ...) and goes on at once.
   * `request` is the effect's JSON; `timeout_ms` bounds it, 0 leaves that to the host's own limits.
   * Returns OK and the effect in `*effect`, SUSPENDED when the turn is sealed, or an error.
   * [call] */
  toolpost_status (*start)(toolpost_call call, toolpost_text kind, toolpost_text request, uint32_t timeout_ms,
                           toolpost_effect *effect);

  /* Takes the result of an effect. OK: `*result` holds its JSON. SUSPENDED: it is not there yet, return SUSPENDED
   * from invoke(). Anything else: the effect failed and `*result` says why, for people. `*result` stays valid until
   * invoke() returns.
   * [call] */
  toolpost_status (*wait)(toolpost_call call, toolpost_effect effect, toolpost_text *result);

  /* Adds one part to the reply. The first part of a tool is its JSON object ("application/json") or text
   * ("text/plain"). Parts of a turn that suspends are dropped.
   * [call] */
  toolpost_status (*emit)(toolpost_call call, toolpost_text media_type, toolpost_text part);

  /* Says why invoke() is about to return an error. The last one before the return counts.
   * [call] */
  toolpost_status (*set_error)(toolpost_call call, toolpost_text message, uint32_t retry_after_ms,
                               toolpost_side_effect side_effect);

  /* Tells the caller how far the call is: `done` of `total` (0: unknown), with a short sentence. Never goes back.
   * [call] */
  toolpost_status (*progress)(toolpost_call call, double done, double total, toolpost_text message);

  /* Writes one line to the host's log. Bounded in size and rate by the host.
   * [call] */
  toolpost_status (*log)(toolpost_call call, toolpost_log_level level, toolpost_text line);

  /* Milliseconds since 1970 at the last effect result this turn has taken, or at acceptance. The same in a rerun.
   * [call] */
  int64_t (*now_ms)(toolpost_call call);

  /* The next 64 bits of this call's own random sequence. The same in a rerun; not for secrets.
   * [call] */
  uint64_t (*random)(toolpost_call call);

  /* Milliseconds left of the call as of now_ms(); 0 once expired.
   * [call] */
  int64_t (*remaining_ms)(toolpost_call call);

  /* 1 once nobody wants the answer any more. Permits leaving early; nothing else may depend on it.
   * [call] */
  uint32_t (*cancelled)(toolpost_call call);
} toolpost_call_1;

/* What the host hands to create(). */
typedef struct toolpost_host {
  uint32_t size;      /* of this record, in bytes */
  uint32_t abi_minor; /* of the host */

  /* The host's table of that id (zero-terminated), e.g. toolpost_call_1 for "toolpost.call/1"; null if it has none.
   * Tables live for ever.
   * [any] */
  const void *(*get_interface)(const char *id);
} toolpost_host;

/* What a plugin offers: "toolpost.invokable/1". */
typedef struct toolpost_invokable_1 {
  /* Makes an instance from the operator's configuration (a JSON object that the host checked against the manifest's
   * schema). No threads, no waiting. `host` outlives the instance.
   * [main] */
  toolpost_status (*create)(const toolpost_host *host, toolpost_text config, void **instance);

  /* Runs one turn of `method` on `request`. Keeps nothing of the call in the instance: another turn of the same call
   * may run in another process.
   * [call] */
  toolpost_status (*invoke)(void *instance, toolpost_call call, toolpost_text method, toolpost_text request);

  /* Ends an instance. May never be called: a worker may simply be killed.
   * [main] */
  void (*destroy)(void *instance);
} toolpost_invokable_1;

/* What toolpost_plugin_entry() returns. */
typedef struct toolpost_plugin {
  uint32_t size;      /* of this record, in bytes */
  uint32_t abi_minor; /* the plugin was built for */

  /* The plugin's table of that id (zero-terminated); null if it has none. Tables live for ever.
   * [any] */
  const void *(*get_interface)(const char *id);
} toolpost_plugin;

#if defined(__GNUC__)
#define TOOLPOST_EXPORT __attribute__((visibility("default")))
#else
#define TOOLPOST_EXPORT
#endif

/* The one exported symbol. Returns null for a major that the plugin cannot speak; the record lives for ever.
 * [main] */
TOOLPOST_EXPORT const toolpost_plugin *toolpost_plugin_entry(uint32_t abi_major);

#ifdef __cplusplus
}
#endif

#endif
