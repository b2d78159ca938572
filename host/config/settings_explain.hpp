#pragma once
// The values in force one by one, and where each was said: for `toolpost config print --explain` and for
// programs. Secrets appear only by their source.

#include <string>
#include <vector>

#include "config/settings_load.hpp"

namespace toolpost {

struct EffectiveSetting {
  std::string table;  // "limits", "providers.local", "plugins.\"org.example.echo\""
  std::string key;
  std::string value;  // as TOML

  std::string name() const { return table + "." + key; }
};

/// In the order of the schema, then providers and plugins by name; optional ones that are not set are left
/// out.
std::vector<EffectiveSetting> effective_settings(const Settings& settings);

/// "default", "/etc/toolpost/toolpost.toml:12" or "environment TOOLPOST_LOG__LEVEL".
std::string origin_text(const SettingOrigins& origins, const std::string& name);

/// As print_toml(), with the origin behind each value. Loads to the same Settings.
std::string explain_toml(const LoadedSettings& loaded);
/// An array of {"name", "value", "origin": {"kind", "file", "line", "variable"}}; values as JSON.
std::string explain_json(const LoadedSettings& loaded);

}  // namespace toolpost
