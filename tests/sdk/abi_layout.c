/* The golden layout of ABI 1: what plugins that are built today rely on. A line that no longer holds breaks
 * them; only lines for new members at a table's end may be added. LP64, the only data model that hosts run
 * on. Compiled by a test, never linked. */
#include <stddef.h>
#include <toolpost/plugin.h>

#define AT(type, member, offset) _Static_assert(offsetof(type, member) == (offset), #type "." #member)
#define SIZE(type, size) _Static_assert(sizeof(type) == (size), #type)
#define VALUE(name, value) _Static_assert((name) == (value), #name)

SIZE(toolpost_status, 4);
SIZE(toolpost_side_effect, 4);
SIZE(toolpost_log_level, 4);
SIZE(toolpost_call, 8);
SIZE(toolpost_effect, 8);

SIZE(toolpost_text, 16);
AT(toolpost_text, data, 0);
AT(toolpost_text, size, 8);

SIZE(toolpost_call_1, 80);
AT(toolpost_call_1, start, 0);
AT(toolpost_call_1, wait, 8);
AT(toolpost_call_1, emit, 16);
AT(toolpost_call_1, set_error, 24);
AT(toolpost_call_1, progress, 32);
AT(toolpost_call_1, log, 40);
AT(toolpost_call_1, now_ms, 48);
AT(toolpost_call_1, random, 56);
AT(toolpost_call_1, remaining_ms, 64);
AT(toolpost_call_1, cancelled, 72);

SIZE(toolpost_host, 16);
AT(toolpost_host, size, 0);
AT(toolpost_host, abi_minor, 4);
AT(toolpost_host, get_interface, 8);

SIZE(toolpost_invokable_1, 24);
AT(toolpost_invokable_1, create, 0);
AT(toolpost_invokable_1, invoke, 8);
AT(toolpost_invokable_1, destroy, 16);

SIZE(toolpost_plugin, 16);
AT(toolpost_plugin, size, 0);
AT(toolpost_plugin, abi_minor, 4);
AT(toolpost_plugin, get_interface, 8);

VALUE(TOOLPOST_ABI_MAJOR, 1u);
VALUE(TOOLPOST_OK, 0);
VALUE(TOOLPOST_SUSPENDED, 1);
VALUE(TOOLPOST_CANCELLED, 2);
VALUE(TOOLPOST_DEADLINE, 3);
VALUE(TOOLPOST_INVALID_INPUT, 4);
VALUE(TOOLPOST_NOT_FOUND, 5);
VALUE(TOOLPOST_PERMISSION, 6);
VALUE(TOOLPOST_UNAUTHENTICATED, 7);
VALUE(TOOLPOST_RATE_LIMITED, 8);
VALUE(TOOLPOST_UNAVAILABLE, 9);
VALUE(TOOLPOST_CONFLICT, 10);
VALUE(TOOLPOST_EXHAUSTED, 11);
VALUE(TOOLPOST_CONTENT_BLOCKED, 12);
VALUE(TOOLPOST_CONTEXT_TOO_LONG, 13);
VALUE(TOOLPOST_BAD_UPSTREAM, 14);
VALUE(TOOLPOST_UNSUPPORTED, 15);
VALUE(TOOLPOST_INTERNAL, 16);
VALUE(TOOLPOST_SIDE_EFFECT_NONE, 0);
VALUE(TOOLPOST_SIDE_EFFECT_MAYBE, 1);
VALUE(TOOLPOST_SIDE_EFFECT_DONE, 2);
VALUE(TOOLPOST_LOG_DEBUG, 0);
VALUE(TOOLPOST_LOG_INFO, 1);
VALUE(TOOLPOST_LOG_WARN, 2);
VALUE(TOOLPOST_LOG_ERROR, 3);

/* The functions' types: a call through them must mean the same. */
_Static_assert(_Generic(((toolpost_call_1*)0)->start,
                   toolpost_status (*)(toolpost_call, toolpost_text, toolpost_text, uint32_t,
                                       toolpost_effect*): 1),
               "start");
_Static_assert(_Generic(((toolpost_call_1*)0)->wait,
                   toolpost_status (*)(toolpost_call, toolpost_effect, toolpost_text*): 1),
               "wait");
_Static_assert(_Generic(((toolpost_call_1*)0)->emit,
                   toolpost_status (*)(toolpost_call, toolpost_text, toolpost_text): 1),
               "emit");
_Static_assert(_Generic(((toolpost_call_1*)0)->set_error,
                   toolpost_status (*)(toolpost_call, toolpost_text, uint32_t, toolpost_side_effect): 1),
               "set_error");
_Static_assert(_Generic(((toolpost_call_1*)0)->progress,
                   toolpost_status (*)(toolpost_call, double, double, toolpost_text): 1),
               "progress");
_Static_assert(_Generic(((toolpost_call_1*)0)->log,
                   toolpost_status (*)(toolpost_call, toolpost_log_level, toolpost_text): 1),
               "log");
_Static_assert(_Generic(((toolpost_call_1*)0)->now_ms, int64_t (*)(toolpost_call): 1), "now_ms");
_Static_assert(_Generic(((toolpost_call_1*)0)->random, uint64_t (*)(toolpost_call): 1), "random");
_Static_assert(_Generic(((toolpost_call_1*)0)->remaining_ms, int64_t (*)(toolpost_call): 1), "remaining_ms");
_Static_assert(_Generic(((toolpost_call_1*)0)->cancelled, uint32_t (*)(toolpost_call): 1), "cancelled");
_Static_assert(_Generic(((toolpost_invokable_1*)0)->create,
                   toolpost_status (*)(const toolpost_host*, toolpost_text, void**): 1),
               "create");
_Static_assert(_Generic(((toolpost_invokable_1*)0)->invoke,
                   toolpost_status (*)(void*, toolpost_call, toolpost_text, toolpost_text): 1),
               "invoke");
_Static_assert(_Generic(((toolpost_invokable_1*)0)->destroy, void (*)(void*): 1), "destroy");
_Static_assert(_Generic(&toolpost_plugin_entry, const toolpost_plugin* (*)(uint32_t): 1),
               "toolpost_plugin_entry");
