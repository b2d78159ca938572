/* Never finishes loading. */
#include <toolpost/plugin.h>

__attribute__((constructor)) static void hang(void) {
  for (volatile unsigned long turn = 0;; ++turn) {
  }
}

const toolpost_plugin* toolpost_plugin_entry(uint32_t abi_major) {
  (void)abi_major;
  return 0;
}
