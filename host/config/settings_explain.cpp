#include "config/settings_explain.hpp"

#include "config/setting_value.hpp"
#include "config/settings_schema.hpp"
#include "config/toml_document.hpp"

namespace toolpost {
namespace {

template <typename Owner>
void add_table(std::span<const Setting<Owner>> table, const std::string& name, const Owner& values,
               std::vector<EffectiveSetting>& list) {
  Owner copy = values;  // slots point into something that may change
  for (const Setting<Owner>& setting : table) {
    std::string value = value_text(setting.spec, setting.slot(copy));
    if (!value.empty()) list.push_back({name, std::string(setting.spec.key), std::move(value)});
  }
}

/// A value that value_text() made, as JSON.
std::string json_value(const std::string& toml) {
  const TomlOutcome outcome = parse_toml("v = " + toml, "");
  const TomlNode* culprit = nullptr;
  const auto json = outcome.problem ? std::nullopt : to_json(outcome.root, culprit);
  if (!json) return "null";
  return json->substr(5, json->size() - 6);  // without {"v": and }
}

}  // namespace

std::vector<EffectiveSetting> effective_settings(const Settings& settings) {
  Settings copy = settings;
  std::vector<EffectiveSetting> list;
  for (const SectionSpec& section : section_specs()) {
    for (const Setting<Settings>& setting : host_settings()) {
      if (setting.spec.section != section.name) continue;
      list.push_back({std::string(section.name), std::string(setting.spec.key),
                      value_text(setting.spec, setting.slot(copy))});
    }
  }
  for (const auto& [name, provider] : settings.providers)
    add_table(provider_settings(), "providers." + toml_key(name), provider, list);
  for (const auto& [id, plugin] : settings.plugins)
    add_table(plugin_settings(), "plugins." + toml_key(id), plugin, list);
  return list;
}

std::string origin_text(const SettingOrigins& origins, const std::string& name) {
  const auto found = origins.find(name);
  if (found == origins.end()) return "default";
  if (!found->second.variable.empty()) return "environment " + found->second.variable;
  return found->second.file + ":" + std::to_string(found->second.line);
}

std::string explain_toml(const LoadedSettings& loaded) {
  std::string out, table;
  for (const EffectiveSetting& setting : effective_settings(loaded.settings)) {
    if (setting.table != table) out += (out.empty() ? "[" : "\n[") + (table = setting.table) + "]\n";
    out += setting.key + " = " + setting.value + "  # " + origin_text(loaded.origins, setting.name()) + "\n";
  }
  return out;
}

std::string explain_json(const LoadedSettings& loaded) {
  std::string out = "[";
  for (const EffectiveSetting& setting : effective_settings(loaded.settings)) {
    if (out.size() > 1) out += ",\n ";
    out += "{\"name\":" + toml_quoted(setting.name()) + ",\"value\":" + json_value(setting.value) +
           ",\"origin\":{\"kind\":";
    const auto found = loaded.origins.find(setting.name());
    if (found == loaded.origins.end()) {
      out += "\"default\"";
    } else if (!found->second.variable.empty()) {
      out += "\"environment\",\"variable\":" + toml_quoted(found->second.variable);
    } else {
      out += "\"file\",\"file\":" + toml_quoted(found->second.file) +
             ",\"line\":" + std::to_string(found->second.line);
    }
    out += "}}";
  }
  return out + "]\n";
}

}  // namespace toolpost
