/* Uses handles of calls that are over, of effects of other calls, and numbers that were never handles. */
#include <stdio.h>
#include <string.h>

#include <toolpost/plugin.h>

static const toolpost_call_1* table;
static toolpost_call earlier_call;
static toolpost_effect earlier_effect;

static toolpost_text text(const char* from) {
  const toolpost_text borrowed = {from, strlen(from)};
  return borrowed;
}

static toolpost_status create(const toolpost_host* host, toolpost_text config, void** instance) {
  (void)config;
  table = host->get_interface(TOOLPOST_CALL_1);
  *instance = 0;
  return table == 0 ? TOOLPOST_UNSUPPORTED : TOOLPOST_OK;
}

static toolpost_status invoke(void* instance, toolpost_call call, toolpost_text method,
                              toolpost_text request) {
  (void)instance;
  (void)method;
  (void)request;
  toolpost_effect effect = 0;
  toolpost_text result;
  const toolpost_text kind = text("sleep");
  const toolpost_text order = text("{\"ms\":1}");
  char reply[512];
  snprintf(reply, sizeof reply,
           "{\"earlier\":%d,\"start\":%d,\"wait\":%d,\"emit\":%d,\"log\":%d,\"random\":%llu,\"none\":%d,"
           "\"foreign_effect\":%d,\"invented_effect\":%d,\"nowhere\":%d}",
           earlier_call != 0, table->start(earlier_call, kind, order, 0, &effect),
           table->wait(earlier_call, earlier_effect, &result),
           table->emit(earlier_call, text("text/plain"), text("stolen")),
           table->log(earlier_call, TOOLPOST_LOG_INFO, text("stolen")),
           (unsigned long long)table->random(earlier_call), table->start(0, kind, order, 0, &effect),
           table->wait(call, earlier_effect, &result), table->wait(call, 0x1234567890ull, &result),
           table->start(call, kind, order, 0, 0));
  earlier_call = call;
  table->start(call, kind, order, 0, &earlier_effect); /* never waited for, so never begun */
  return table->emit(call, text("application/json"), text(reply));
}

static const void* get_interface(const char* id) {
  static const toolpost_invokable_1 invokable = {create, invoke, 0};
  return strcmp(id, TOOLPOST_INVOKABLE_1) == 0 ? &invokable : 0;
}

TOOLPOST_EXPORT const toolpost_plugin* toolpost_plugin_entry(uint32_t abi_major) {
  static const toolpost_plugin plugin = {sizeof plugin, TOOLPOST_ABI_MINOR, get_interface};
  return abi_major == TOOLPOST_ABI_MAJOR ? &plugin : 0;
}
