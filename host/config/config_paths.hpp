#pragma once
// Which files and folders are the host's by default, from an environment that is handed in.
// Decides only: opens nothing and checks nothing on disk.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace toolpost {

using EnvironmentMap = std::map<std::string, std::string>;

struct ConfigFile {
  enum class Presence { optional, required };
  std::string path;
  Presence presence = Presence::optional;
};

/// In the order of reading; a later one overrides. `given` is --config FILE, which must exist.
/// XDG variables that are not absolute are ignored, as their specification asks.
std::vector<ConfigFile> config_files(const EnvironmentMap& environment,
                                     const std::optional<std::string>& given);

/// $XDG_STATE_HOME/toolpost or ~/.local/state/toolpost. Errors: invalid_config when there is no HOME either.
Result<std::string> default_state_dir(const EnvironmentMap& environment);
/// $XDG_DATA_HOME/toolpost/plugins or ~/.local/share/toolpost/plugins. Errors: as above.
Result<std::string> default_plugin_folder(const EnvironmentMap& environment);

}  // namespace toolpost
