#include "config/config_paths.hpp"

#include <string_view>

namespace toolpost {
namespace {

std::optional<std::string> absolute_variable(const EnvironmentMap& environment, const std::string& name) {
  const auto found = environment.find(name);
  if (found == environment.end() || !found->second.starts_with('/')) return std::nullopt;
  std::string path = found->second;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path == "/" ? std::string() : path;  // joined with "/..." below
}

std::optional<std::string> xdg_folder(const EnvironmentMap& environment, const std::string& variable,
                                      std::string_view below_home) {
  if (auto folder = absolute_variable(environment, variable)) return folder;
  if (auto home = absolute_variable(environment, "HOME")) return *home + std::string(below_home);
  return std::nullopt;
}

Error no_home(const std::string& what, const std::string& variable, const std::string& setting) {
  return {Errc::invalid_config, what + " is unknown: neither " + variable +
                                    " nor HOME is an absolute path; set one of them, or " + setting};
}

}  // namespace

std::vector<ConfigFile> config_files(const EnvironmentMap& environment,
                                     const std::optional<std::string>& given) {
  std::vector<ConfigFile> files{{"/etc/toolpost/toolpost.toml"}};
  if (const auto folder = xdg_folder(environment, "XDG_CONFIG_HOME", "/.config"))
    files.push_back({*folder + "/toolpost/toolpost.toml"});
  if (given) files.push_back({*given, ConfigFile::Presence::required});
  return files;
}

Result<std::string> default_state_dir(const EnvironmentMap& environment) {
  if (const auto folder = xdg_folder(environment, "XDG_STATE_HOME", "/.local/state"))
    return *folder + "/toolpost";
  return no_home("the state folder", "XDG_STATE_HOME", "store.state_dir");
}

Result<std::string> default_plugin_folder(const EnvironmentMap& environment) {
  if (const auto folder = xdg_folder(environment, "XDG_DATA_HOME", "/.local/share"))
    return *folder + "/toolpost/plugins";
  return no_home("the plugin folder", "XDG_DATA_HOME", "host.plugin_folders");
}

}  // namespace toolpost
