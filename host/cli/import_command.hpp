#pragma once
// `toolpost config import`: the predecessor's .env file as a configuration. Status as in commands.hpp.

#include <string>

#include "cli/host_setup.hpp"

namespace toolpost {

struct ConfigImportCommand {
  std::string file;       // the predecessor's .env
  std::string out;        // a new file; empty: standard output
  bool markdown = false;  // print docs/migrating.md instead
};
int run_config_import(const HostOptions& options, const ConfigImportCommand& command);

}  // namespace toolpost
