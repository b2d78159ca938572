#pragma once
// Configuration text into Settings: types, ranges, unknown names, precedence, then the rules between
// settings. Pure: files and environment are handed in (config_paths says which), nothing is read here.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/config_problem.hpp"
#include "config/settings.hpp"

namespace toolpost {

struct ConfigSource {
  std::string name;  // for messages, usually the path
  std::string text;
};

using EnvironmentList = std::vector<std::pair<std::string, std::string>>;

/// Where a value in force was said last.
struct SettingOrigin {
  std::string file;      // as named by its source; empty: a variable
  unsigned line = 0;     // counted from 1
  std::string variable;  // whole name, e.g. "TOOLPOST_LOG__LEVEL"; empty: a file
};
using SettingOrigins = std::map<std::string, SettingOrigin>;  // by full name; what is not in it is a default

struct LoadedSettings {
  Settings settings;
  SettingOrigins origins;
  std::vector<ConfigProblem> warnings;
};

struct SettingsOutcome {
  std::optional<LoadedSettings> loaded;  // set exactly when there are no problems
  /// With problems: what is right, everything else at its default, to look for more that is wrong. Unset
  /// where a file is no TOML.
  std::optional<LoadedSettings> rest;
  std::vector<ConfigProblem> problems;  // all of them (at most 100), by source, line and column
};

/// A later source overrides an earlier one setting by setting; lists and a plugin's `config` are replaced
/// whole. Over all of them go variables TOOLPOST_<SECTION>__<KEY>, TOOLPOST_PROVIDERS__<NAME>__<KEY> and
/// TOOLPOST_PLUGINS__<ID>__<KEY> (ID with '_' for anything but letters and digits; its table must exist);
/// variables of other shapes are ignored.
SettingsOutcome load_settings(const std::vector<ConfigSource>& sources,
                              const EnvironmentList& environment = {});

}  // namespace toolpost
