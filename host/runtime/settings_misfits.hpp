#pragma once
// What the configuration says that the plugins do not take: names of plugins, tools and effects that nobody
// has, values that break a plugin's own schema. The settings themselves have passed config/settings_rules.

#include <string>
#include <vector>

#include "config/settings.hpp"
#include "runtime/plugin_table.hpp"

namespace toolpost {

struct SettingsMisfit {
  enum class Severity : unsigned char { problem, warning };

  std::string setting;  // full name, e.g. providers.main.plugin
  std::string message;  // names it too, and what to write instead
  Severity severity = Severity::problem;
};

/// All of them; `plugins` was made with these settings.
std::vector<SettingsMisfit> settings_misfits(const Settings& settings, PluginTable& plugins);

}  // namespace toolpost
