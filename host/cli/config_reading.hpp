#pragma once
// The configuration of this process: which files are there, what they say with the environment on top, and
// what is wrong with them. Reading only; commands decide what to do about it.

#include <optional>
#include <string>
#include <vector>

#include "config/settings_load.hpp"

namespace toolpost {

struct ConfigReading {
  std::vector<std::string> files;  // that were read, in order; a later one overrides
  SettingsOutcome outcome;
};

/// Reads /etc, the user's file and `given` (--config), then the environment. A file that is there and cannot
/// be read is a problem like any other.
ConfigReading read_configuration(const std::optional<std::string>& given);

/// The variables of this process.
EnvironmentList environment_list();

}  // namespace toolpost
