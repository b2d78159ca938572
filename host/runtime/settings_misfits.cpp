#include "runtime/settings_misfits.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace toolpost {
namespace {

class Misfits {
 public:
  Misfits(const Settings& settings, PluginTable& plugins) : settings_(settings), plugins_(plugins) {}

  std::vector<SettingsMisfit> run() {
    for (const auto& [id, plugin] : settings_.plugins) look_at_plugin(id, plugin);
    for (const auto& [name, provider] : settings_.providers) look_at_provider(name, provider);
    for (const RefusedPlugin& refused : plugins_.refused())
      if (refused.source == "tools.enable" || refused.source == "tools.disable")
        found_.push_back({refused.source, refused.source + " " + refused.reason});
    return std::move(found_);
  }

 private:
  void add(const std::string& setting, const std::string& what) {
    found_.push_back({setting, setting + ": " + what});
  }
  /// Where something else was meant, that; otherwise what there is.
  static std::string instead(const std::string& wrong, const std::vector<std::string>& known) {
    if (const auto near = did_you_mean(wrong, known)) return "; did you mean \"" + *near + "\"?";
    std::string all;
    for (const std::string& one : known) all += (all.empty() ? "" : ", ") + one;
    return "; there " + std::string(known.size() == 1 ? "is " : "are ") + (all.empty() ? "none" : all);
  }

  void look_at_plugin(const std::string& id, const PluginSettings& plugin) {
    const std::string setting = "plugins.\"" + id + "\"";
    for (const std::string& kind : plugin.grant) {
      const auto& known = known_effect_kinds();
      if (std::find(known.begin(), known.end(), kind) == known.end())
        add(setting + ".grant",
            "this host knows no effect \"" + plain_excerpt(kind) + "\"" + instead(kind, known));
    }
    if (!plugin.enabled) return;  // it may be switched off because it is gone
    const PluginEntry* entry = plugins_.by_id(id);
    if (entry == nullptr) {
      std::vector<std::string> ids;
      for (const auto& one : plugins_.plugins()) ids.push_back(one->id());
      // It may be one that was removed, or is still to be dropped in, so nobody is kept from starting.
      const auto near = did_you_mean(id, ids);
      found_.push_back(
          {setting, setting + ": no plugin has that id" + (near ? "; did you mean \"" + *near + "\"?" : ""),
           SettingsMisfit::Severity::warning});
      return;
    }
    if (std::find(plugin.grant.begin(), plugin.grant.end(), "http") != plugin.grant.end() &&
        plugin.http_origins.empty())
      found_.push_back({setting + ".grant",
                        setting + ".grant: \"http\" without " + setting +
                            ".http_origins reaches nothing; name the servers, as in http_origins = "
                            "[\"https://api.example.com\"]",
                        SettingsMisfit::Severity::warning});
    if (entry->found.manifest.kind != PluginKind::tool) return;
    if (auto fits = check_plugin_config(entry->found.manifest, plugin.config_json, setting + ".config");
        !fits)
      found_.push_back({setting + ".config", fits.error().message});
  }

  void look_at_provider(const std::string& name, const ProviderSettings& provider) {
    const std::string setting = "providers." + name;
    const PluginEntry* plugin = plugins_.provider(provider.plugin);
    if (plugin == nullptr) {
      std::vector<std::string> known;
      for (const auto& one : plugins_.plugins()) {
        if (one->found.manifest.kind == PluginKind::provider)
          known.push_back(one->id().substr(one->id().rfind('.') + 1));
      }
      return add(setting + ".plugin", "there is no provider plugin \"" + plain_excerpt(provider.plugin) +
                                          "\"" + instead(provider.plugin, known));
    }
    if (auto fits = check_plugin_config(plugin->found.manifest, provider.config_json, setting + ".config");
        !fits)
      found_.push_back({setting + ".config", fits.error().message});
  }

  const Settings& settings_;
  PluginTable& plugins_;
  std::vector<SettingsMisfit> found_;
};

}  // namespace

std::vector<SettingsMisfit> settings_misfits(const Settings& settings, PluginTable& plugins) {
  return Misfits(settings, plugins).run();
}

}  // namespace toolpost
