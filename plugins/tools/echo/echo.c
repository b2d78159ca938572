/* echo: answers with what it was asked. The smallest plugin there is, in plain C. */
#include <string.h>

#include <toolpost/plugin.h>

static const toolpost_call_1* host_call;

static toolpost_status create(const toolpost_host* host, toolpost_text config, void** instance) {
  (void)config;
  host_call = host->get_interface(TOOLPOST_CALL_1);
  *instance = 0;
  return host_call != 0 ? TOOLPOST_OK : TOOLPOST_UNSUPPORTED;
}

static toolpost_status invoke(void* instance, toolpost_call call, toolpost_text method,
                              toolpost_text request) {
  static const char json[] = "application/json";
  const toolpost_text media_type = {json, sizeof json - 1};
  (void)instance;
  (void)method;
  return host_call->emit(call, media_type, request);
}

static void destroy(void* instance) {
  (void)instance;
}

static const toolpost_invokable_1 invokable = {create, invoke, destroy};

static const void* get_interface(const char* id) {
  return strcmp(id, TOOLPOST_INVOKABLE_1) == 0 ? &invokable : 0;
}

const toolpost_plugin* toolpost_plugin_entry(uint32_t abi_major) {
  static const toolpost_plugin plugin = {sizeof plugin, TOOLPOST_ABI_MINOR, get_interface};
  return abi_major == TOOLPOST_ABI_MAJOR ? &plugin : 0;
}
