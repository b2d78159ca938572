#pragma once
// The predecessor's time limits as our ceilings: which profile a limit belongs to, and that they nest.

#include <functional>
#include <string>
#include <string_view>

#include "cli/env_toml.hpp"

namespace toolpost {

/// Longer limits go to [ceilings_long]: most clients give up after this long, whatever the host does.
constexpr double kShortCeilingMsMax = 60'000;

/// Sets `key` ("tool_ms", "expert_ms") in the profile that `ms` belongs to; 0 switches it off in both.
/// Returns the setting's name, or both, and whether the value had to be moved into its range.
struct ImportedCeiling {
  std::string setting;
  std::string meaning;
  bool moved = false;
};
ImportedCeiling import_ceiling(EnvToml& toml, const std::string& key, double ms, std::string_view variable);

/// Makes both profiles nest as config/settings_rules asks; `adjusted` hears what was changed for that.
void nest_ceilings(EnvToml& toml, const std::function<void(const std::string& setting)>& adjusted);

}  // namespace toolpost
