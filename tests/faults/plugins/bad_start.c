/* A plugin that fails before its first turn; BAD_START says how, one library for each. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <toolpost/plugin.h>

#define CONSTRUCTOR_HANGS 1
#define CONSTRUCTOR_CRASHES 2
#define CONSTRUCTOR_EXITS 3
#define WRONG_ABI 4
#define MISSING_SYMBOL 5
#define CREATE_HANGS 6
#define CREATE_CRASHES 7
#define CREATE_REFUSES 8
#define SHORT_RECORD 9
#define NO_TABLE 10
#define MISSING_LIBRARY 11

#if BAD_START <= CONSTRUCTOR_EXITS
__attribute__((constructor)) static void construct(void) {
  if (BAD_START == CONSTRUCTOR_CRASHES) abort();
  if (BAD_START == CONSTRUCTOR_EXITS) _exit(0);
  for (volatile unsigned long round = 0;; ++round) {
  }
}
#endif

#if BAD_START == MISSING_SYMBOL
extern void toolpost_nobody_has_this(void);
#endif
#if BAD_START == MISSING_LIBRARY
extern int nowhere(void);
#endif

static toolpost_status create(const toolpost_host* host, toolpost_text config, void** instance) {
  (void)host;
  (void)config;
  *instance = NULL;
  if (BAD_START == CREATE_CRASHES) abort();
  if (BAD_START == CREATE_REFUSES) return TOOLPOST_UNSUPPORTED;
#if BAD_START == MISSING_SYMBOL
  toolpost_nobody_has_this();
#endif
#if BAD_START == MISSING_LIBRARY
  if (nowhere() != 0) return TOOLPOST_INTERNAL;
#endif
  while (BAD_START == CREATE_HANGS) pause();
  return TOOLPOST_OK;
}

static toolpost_status invoke(void* instance, toolpost_call call, toolpost_text method,
                              toolpost_text request) {
  (void)instance;
  (void)call;
  (void)method;
  (void)request;
  return TOOLPOST_OK;
}

static const void* get_interface(const char* id) {
  static const toolpost_invokable_1 invokable = {create, invoke, NULL};
  return BAD_START != NO_TABLE && strcmp(id, TOOLPOST_INVOKABLE_1) == 0 ? &invokable : NULL;
}

const toolpost_plugin* toolpost_plugin_entry(uint32_t abi_major) {
  static const toolpost_plugin plugin = {BAD_START == SHORT_RECORD ? 8 : sizeof plugin, TOOLPOST_ABI_MINOR,
                                         get_interface};
  (void)abi_major;
  return BAD_START == WRONG_ABI ? NULL : &plugin;
}
