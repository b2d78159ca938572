#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"

namespace toolpost {

namespace {

using nlohmann::json;

void print_plugins(const PluginTable& table) {
  for (const auto& plugin : table.plugins()) {
    const Manifest& manifest = plugin->found.manifest;
    std::cout << manifest.id << " " << manifest.version
              << (manifest.kind == PluginKind::tool ? "  tool" : "  provider")
              << (plugin->found.origin == PluginOrigin::bundled ? "  bundled" : "  dropped in") << "\n  "
              << plugin->found.source << "\n";
    if (!manifest.summary.empty()) std::cout << "  " << manifest.summary << "\n";
    if (plugin->incompatible) std::cout << "  cannot run: " << plugin->incompatible->message << "\n";
    const std::string toml = missing_grants_toml(*plugin);
    if (!toml.empty())
      std::cout << "  not granted; to grant it, add to the configuration:\n\n" << toml << "\n";
  }
  for (const RefusedPlugin& refused : table.refused()) {
    std::cout << "refused: " << refused.source << "\n  " << refused.reason << "\n";
  }
}

json plugins_json(const PluginTable& table) {
  json list = json::array();
  for (const auto& plugin : table.plugins()) {
    const Manifest& manifest = plugin->found.manifest;
    json one = {{"id", manifest.id},
                {"version", manifest.version},
                {"kind", manifest.kind == PluginKind::tool ? "tool" : "provider"},
                {"origin", plugin->found.origin == PluginOrigin::bundled ? "bundled" : "dropped_in"},
                {"file", plugin->found.source},
                {"sha256", plugin->found.sha256},
                {"summary", manifest.summary},
                {"granted", plugin->granted},
                {"loaded", plugin->loaded}};
    if (plugin->incompatible) one["problem"] = plugin->incompatible->message;
    if (std::string toml = missing_grants_toml(*plugin); !toml.empty()) one["grant_with"] = std::move(toml);
    list.push_back(std::move(one));
  }
  json refused = json::array();
  for (const RefusedPlugin& one : table.refused())
    refused.push_back({{"file", one.source}, {"reason", one.reason}});
  return {{"plugins", std::move(list)}, {"refused", std::move(refused)}};
}

}  // namespace

int run_plugins(const HostOptions& options) {
  const auto host = set_up_host(options);
  if (!host) return 2;
  Runtime& runtime = *host->runtime;
  verify_all_plugins(*host);
  if (options.output == Output::json) {
    std::cout << plugins_json(runtime.plugins()).dump(1, ' ', false, json::error_handler_t::replace) << "\n";
    return 0;
  }
  print_plugins(runtime.plugins());
  return 0;
}

}  // namespace toolpost
