#include "runtime/plugin_table.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "json/invisible.hpp"
#include "json/json_reader.hpp"

namespace toolpost {
namespace {

Result<std::optional<Schema>> compile(const std::string& text, const std::string& what) {
  if (text.empty()) return std::optional<Schema>{};
  auto schema = Schema::compile(text);
  if (!schema) return schema.error().with(what);
  return std::optional<Schema>(std::move(*schema));
}

/// What a model reads of a method must be what a person sees of it.
Result<void> check_visible(const MethodManifest& method) {
  const auto refused = [&](const char* what) {
    return Error{Errc::incompatible, std::string(what) + " of " + method.name +
                                         " holds invisible or text direction characters; remove them"};
  };
  if (has_invisible(method.title)) return refused("title");
  if (has_invisible(method.description)) return refused("description");
  for (const std::string* schema : {&method.input_schema, &method.output_schema}) {
    if (!may_need_cleaning(*schema)) continue;
    const auto clean = clean_json(*schema);
    if (!clean || clean->removed > 0) return refused("a schema");
  }
  return {};
}

}  // namespace

const MethodManifest* PluginEntry::find_method(std::string_view name) const {
  for (const MethodEntry& method : methods) {
    if (method.manifest->name == name) return method.manifest;
  }
  return nullptr;
}

Result<std::vector<MethodEntry>> compile_methods(const Manifest& plugin) {
  std::vector<MethodEntry> methods;
  for (const MethodManifest& manifest : plugin.methods) {
    MethodEntry method;
    method.manifest = &manifest;
    if (auto visible = check_visible(manifest); !visible) return visible.error();
    auto input = compile(manifest.input_schema, "input schema of " + manifest.name);
    if (!input) return input.error();
    auto output = compile(manifest.output_schema, "output schema of " + manifest.name);
    if (!output) return output.error();
    method.input = std::move(*input);
    method.output = std::move(*output);
    methods.push_back(std::move(method));
  }
  return methods;
}

Result<void> check_plugin_config(const Manifest& manifest, const std::string& config_json,
                                 const std::string& setting) {
  if (manifest.config_schema.empty()) {
    if (config_json == "{}" || config_json.empty()) return {};
    return Error{Errc::invalid_config,
                 setting + ": plugin " + manifest.id + " takes no configuration; remove the table"};
  }
  auto schema = Schema::compile(manifest.config_schema);
  if (!schema) return schema.error().with("configuration schema of plugin " + manifest.id);
  JsonReader reader({});
  auto config = reader.read_copy(config_json);
  if (!config) return config.error().with(setting);
  auto valid = schema->validate(*config);
  if (valid) return {};
  Error error = valid.error().with(setting);
  error.code = Errc::invalid_config;
  return error;
}

std::set<std::string> granted_effects(const FoundPlugin& plugin, const PluginSettings& settings) {
  std::set<std::string> granted(settings.grant.begin(), settings.grant.end());
  if (plugin.origin == PluginOrigin::bundled) {
    granted.insert(plugin.manifest.required.begin(), plugin.manifest.required.end());
    granted.insert(plugin.manifest.optional.begin(), plugin.manifest.optional.end());
  }
  return granted;
}

std::string missing_grants_toml(const PluginEntry& plugin, std::string_view besides) {
  std::string list;
  const auto add = [&](const std::vector<std::string>& kinds) {
    for (const std::string& kind : kinds) {
      if (!plugin.granted.contains(kind)) list += (list.empty() ? "\"" : ", \"") + kind + "\"";
    }
  };
  add(plugin.found.manifest.required);
  add(plugin.found.manifest.optional);
  if (list.empty() && !besides.empty()) list = "\"" + std::string(besides) + "\"";
  if (list.empty()) return {};
  for (const std::string& kind : plugin.settings.grant) list += ", \"" + kind + "\"";
  const std::string table = "[plugins.\"" + plugin.id() + "\"]";
  std::string toml = plugin.configured ? "# in " + table + ", which is there already, instead of its grant:\n"
                                       : table + "\n";
  toml += "grant = [" + list + "]\n";
  if (list.find("\"http\"") == std::string::npos || !plugin.settings.http_origins.empty()) return toml;
  std::string origins;
  for (const std::string& origin : plugin.found.manifest.http_origins)
    origins += (origins.empty() ? "\"" : ", \"") + origin + "\"";
  return toml + "http_origins = [" + origins +
         (origins.empty() ? "]  # it names none: put in the servers that it may ask, such as "
                            "\"https://api.example.com\"\n"
                          : "]\n");
}

PluginTable::PluginTable(PluginCatalog catalog, const Settings& settings)
    : refused_(std::move(catalog.refused)) {
  for (FoundPlugin& found : catalog.plugins) {
    auto plugin = std::make_unique<PluginEntry>();
    plugin->index = static_cast<std::uint32_t>(plugins_.size());
    plugin->found = std::move(found);
    if (const auto own = settings.plugins.find(plugin->id()); own != settings.plugins.end()) {
      plugin->configured = true;
      plugin->settings = own->second;
    }
    if (!plugin->settings.enabled) {
      refused_.push_back(
          {plugin->found.source, "switched off by plugins.\"" + plugin->id() + "\".enabled = false"});
      continue;
    }
    plugin->config_json = plugin->settings.config_json;
    plugin->granted = granted_effects(plugin->found, plugin->settings);
    auto compiled = compile_methods(plugin->found.manifest);
    if (compiled) {
      plugin->methods = std::move(*compiled);
      const bool tool = plugin->found.manifest.kind == PluginKind::tool;
      auto fits = tool ? check_plugin_config(plugin->found.manifest, plugin->config_json,
                                             "plugins.\"" + plugin->id() + "\".config")
                       : Result<void>{};
      if (!fits) plugin->incompatible = Error{Errc::incompatible, fits.error().message};
    } else {
      Error error = compiled.error().with("plugin " + plugin->id());
      error.code = Errc::incompatible;
      plugin->incompatible = std::move(error);
      plugin->methods.resize(plugin->found.manifest.methods.size());
      for (std::size_t i = 0; i < plugin->methods.size(); ++i) {
        plugin->methods[i].manifest = &plugin->found.manifest.methods[i];
      }
    }
    for (MethodEntry& method : plugin->methods)
      method.offer = offer_of(method.manifest->name, plugin->found.origin, settings.tools);
    plugins_.push_back(std::move(plugin));
  }
  report_unknown_tools("tools.enable", settings.tools.enable);
  report_unknown_tools("tools.disable", settings.tools.disable);
}

void PluginTable::report_unknown_tools(const std::string& setting, const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const auto& plugin : plugins_) {
    if (plugin->found.manifest.kind != PluginKind::tool) continue;
    for (const MethodEntry& method : plugin->methods) known.push_back(method.manifest->name);
  }
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const auto near = did_you_mean(name, known);
    refused_.push_back({setting, "names no tool that is there: \"" + plain_excerpt(name) + "\"" +
                                     (near ? "; did you mean \"" + *near + "\"?" : "")});
  }
}

PluginTable::Found PluginTable::tool(std::string_view name) {
  for (const auto& plugin : plugins_) {
    if (plugin->found.manifest.kind != PluginKind::tool) continue;
    for (MethodEntry& method : plugin->methods) {
      if (method.manifest->name == name && method.offer != ToolOffer::disabled)
        return {plugin.get(), &method};
    }
  }
  return {};
}

Error PluginTable::no_tool(std::string_view name) const {
  const std::string quoted = "\"" + plain_excerpt(name) + "\"";
  for (const auto& plugin : plugins_)
    for (const MethodEntry& method : plugin->methods)
      if (method.manifest->name == name && method.offer == ToolOffer::disabled)
        return {Errc::not_found, "tool " + quoted + " is switched off by tools.disable"};
  const std::string none = "there is no tool " + quoted + "; ";
  if (const auto near = did_you_mean(std::string(name), tool_names()))
    return {Errc::not_found, none + "did you mean \"" + *near + "\"?"};
  std::vector<const RefusedPlugin*> files;
  for (const RefusedPlugin& one : refused_)
    if (!one.source.starts_with("tools.")) files.push_back(&one);
  if (files.empty()) return {Errc::not_found, none + "`toolpost tools` lists them"};
  if (files.size() == 1)
    return {Errc::not_found,
            none + "one plugin file is not used: " + files[0]->source + ": " + files[0]->reason};
  return {Errc::not_found,
          none + std::to_string(files.size()) + " plugin files are not used; `toolpost plugins` says why"};
}

std::vector<std::string> PluginTable::tool_names() const {
  std::vector<std::string> names;
  for (const auto& plugin : plugins_) {
    if (plugin->found.manifest.kind != PluginKind::tool) continue;
    for (const MethodEntry& method : plugin->methods) {
      if (method.offer != ToolOffer::disabled) names.push_back(method.manifest->name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

PluginEntry* PluginTable::by_id(std::string_view id) {
  for (const auto& plugin : plugins_) {
    if (plugin->id() == id) return plugin.get();
  }
  return nullptr;
}

PluginEntry* PluginTable::provider(std::string_view name) {
  for (const auto& plugin : plugins_) {
    if (plugin->found.manifest.kind != PluginKind::provider) continue;
    const std::string& id = plugin->id();
    const bool short_name =
        id.size() > name.size() && id.ends_with(name) && id[id.size() - name.size() - 1] == '.';
    if (id == name || short_name) return plugin.get();
  }
  return nullptr;
}

}  // namespace toolpost
