#pragma once
// The plugins of this host as the runtime uses them: manifest, grants, configuration, workers and state.

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "json/schema.hpp"
#include "plugin/plugin_catalog.hpp"
#include "runtime/tool_profile.hpp"
#include "worker/turn_pool.hpp"

namespace toolpost {

/// One method with its schemas, compiled when first needed.
struct MethodEntry {
  const MethodManifest* manifest = nullptr;
  std::optional<Schema> input;
  std::optional<Schema> output;
  ToolOffer offer = ToolOffer::listed;  // of tools only
};

struct PluginEntry {
  std::uint32_t index = 0;
  FoundPlugin found;
  PluginSettings settings;
  bool configured = false;  // [plugins."ID"] is there
  std::string config_json = "{}";
  std::set<std::string> granted;  // effect kinds
  std::vector<MethodEntry> methods;
  std::unique_ptr<TurnPool> pool;     // made at first use
  std::optional<Error> incompatible;  // why it cannot run; stays until restart
  bool loaded = false;                // a worker said READY
  std::uint32_t load_crashes = 0;     // deaths before the first READY

  const std::string& id() const { return found.manifest.id; }
  /// Null when the plugin has none of that name.
  const MethodManifest* find_method(std::string_view name) const;
};

/// The effect kinds a plugin may use: what it asks for when it is bundled, else what the operator granted.
std::set<std::string> granted_effects(const FoundPlugin& plugin, const PluginSettings& settings);

/// The TOML that would grant everything `plugin` asks for and has not got; empty if nothing is missing. Where
/// the configuration has a table for the plugin, the lines that belong into it. `besides` is a kind that is
/// wanted though the manifest does not ask for it; empty: none.
std::string missing_grants_toml(const PluginEntry& plugin, std::string_view besides = {});

/// Checks the operator's configuration for a plugin against the manifest's schema. Errors: invalid_config.
Result<void> check_plugin_config(const Manifest& manifest, const std::string& config_json,
                                 const std::string& setting);
/// Compiles the methods' schemas. Errors: incompatible, naming the method.
Result<std::vector<MethodEntry>> compile_methods(const Manifest& manifest);

class PluginTable {
 public:
  /// Compiles the schemas and checks the configurations; a plugin where one of them is wrong is added as
  /// incompatible.
  PluginTable(PluginCatalog catalog, const Settings& settings);

  std::vector<std::unique_ptr<PluginEntry>>& plugins() { return plugins_; }
  const std::vector<std::unique_ptr<PluginEntry>>& plugins() const { return plugins_; }
  const std::vector<RefusedPlugin>& refused() const { return refused_; }

  struct Found {
    PluginEntry* plugin = nullptr;
    MethodEntry* method = nullptr;
    explicit operator bool() const { return method != nullptr; }
  };
  /// Not those of tools.disable.
  Found tool(std::string_view name);
  std::vector<std::string> tool_names() const;
  /// Why there is no such tool: another name was meant, it is switched off, or a plugin's file is not used.
  Error no_tool(std::string_view name) const;
  PluginEntry* by_id(std::string_view id);
  /// A bundled provider plugin by the last word of its id ("openai" for "dev.toolpost.openai"), or by the
  /// whole id.
  PluginEntry* provider(std::string_view name);

 private:
  /// A name that means no tool is a mistake of the operator's and is told as such.
  void report_unknown_tools(const std::string& setting, const std::vector<std::string>& names);

  std::vector<std::unique_ptr<PluginEntry>> plugins_;
  std::vector<RefusedPlugin> refused_;
};

}  // namespace toolpost
