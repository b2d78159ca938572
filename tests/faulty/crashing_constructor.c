/* Dies while it is loaded. */
#include <stdlib.h>

#include <toolpost/plugin.h>

__attribute__((constructor)) static void crash(void) {
  abort();
}

const toolpost_plugin* toolpost_plugin_entry(uint32_t abi_major) {
  (void)abi_major;
  return 0;
}
