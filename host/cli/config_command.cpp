#include <iostream>

#include "cli/commands.hpp"
#include "config/settings_print.hpp"

namespace toolpost {

int run_config_check(const HostOptions& options) {
  if (!load_configuration(options)) return 2;
  std::cout << "the configuration is good\n";
  return 0;
}

int run_config_print(const HostOptions& options, ConfigPrint which) {
  if (which == ConfigPrint::defaults) {
    std::cout << default_toml();
    return 0;
  }
  const auto settings = load_configuration(options);
  if (!settings) return 2;
  std::cout << print_toml(*settings);
  return 0;
}

}  // namespace toolpost
