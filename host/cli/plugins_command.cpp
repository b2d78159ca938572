#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/command_failure.hpp"
#include "cli/commands.hpp"

namespace toolpost {

namespace {

using nlohmann::json;

void print_plugins(const Runtime& runtime, const PluginTable& table) {
  for (const auto& plugin : table.plugins()) {
    const Manifest& manifest = plugin->found.manifest;
    std::cout << manifest.id << " " << manifest.version
              << (manifest.kind == PluginKind::tool ? "  tool" : "  provider")
              << (plugin->found.origin == PluginOrigin::bundled ? "  bundled" : "  dropped in") << "\n  "
              << plugin->found.source << "\n";
    if (!manifest.summary.empty()) std::cout << "  " << manifest.summary << "\n";
    if (plugin->incompatible) std::cout << "  cannot run: " << plugin->incompatible->message << "\n";
    if (const auto refused = runtime.quarantine().file_refusal(*plugin))
      std::cout << "  not run: " << refused->message << "\n";
    if (const std::size_t inputs = runtime.quarantine().refused_inputs(*plugin); inputs != 0)
      std::cout << "  not run on what crashed it again and again; inputs: " << inputs
                << "; to forget them: toolpost plugins --release " << manifest.id << "\n";
    const std::string toml = missing_grants_toml(*plugin);
    if (!toml.empty())
      std::cout << "  not granted; to grant it, add to the configuration:\n\n" << toml << "\n";
  }
  for (const RefusedPlugin& refused : table.refused()) {
    std::cout << "refused: " << refused.source << "\n  " << refused.reason << "\n";
  }
}

json plugins_json(const Runtime& runtime, const PluginTable& table) {
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
    if (const auto refused = runtime.quarantine().file_refusal(*plugin))
      one["quarantined"] = refused->message;
    if (const std::size_t inputs = runtime.quarantine().refused_inputs(*plugin); inputs != 0)
      one["refused_inputs"] = inputs;
    if (std::string toml = missing_grants_toml(*plugin); !toml.empty()) one["grant_with"] = std::move(toml);
    list.push_back(std::move(one));
  }
  json refused = json::array();
  for (const RefusedPlugin& one : table.refused())
    refused.push_back({{"file", one.source}, {"reason", one.reason}});
  return {{"plugins", std::move(list)}, {"refused", std::move(refused)}};
}

}  // namespace

namespace {

/// Nothing that it crashed on counts any more, in no host.
int release(const HostOptions& options, Runtime& runtime, const std::string& id) {
  const auto& plugins = runtime.plugins().plugins();
  const auto found =
      std::find_if(plugins.begin(), plugins.end(), [&](const auto& one) { return one->id() == id; });
  if (found == plugins.end()) {
    std::vector<std::string> ids;
    ids.reserve(plugins.size());
    for (const auto& one : plugins) ids.push_back(one->id());
    const auto near = did_you_mean(id, ids);
    return fail(options, {Errc::not_found, "there is no plugin \"" + id + "\"" +
                                               (near ? "; did you mean \"" + *near + "\"?"
                                                     : "; `toolpost plugins` lists them")});
  }
  if (runtime.store() == nullptr) return fail(options, {Errc::unavailable, runtime.store_problem()});
  const bool held = runtime.quarantine().file_refusal(**found).has_value();
  if (auto done = runtime.store()->release_file((*found)->found.sha256); !done)
    return fail(options, done.error());
  if (options.output == Output::json) {
    std::cout << json{{"released", id}}.dump(1) << "\n";
  } else {
    std::cout << "plugin " << id
              << (held ? " runs again; hosts that run now take notice at its next call\n"
                       : " was not quarantined; what it crashed on is forgotten\n");
  }
  return 0;
}

}  // namespace

int run_plugins(const HostOptions& options, const std::string& released) {
  const auto host = set_up_host(options);
  if (!host) return 2;
  Runtime& runtime = *host->runtime;
  if (!released.empty()) return release(options, runtime, released);
  verify_all_plugins(*host);
  if (options.output == Output::json) {
    std::cout << plugins_json(runtime, runtime.plugins()).dump(1, ' ', false, json::error_handler_t::replace)
              << "\n";
    return 0;
  }
  print_plugins(runtime, runtime.plugins());
  return 0;
}

}  // namespace toolpost
