#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "cli/commands.hpp"
#include "plugin/elf_file.hpp"
#include "toolpost/plugin.h"

namespace toolpost {

int run_plugins(const HostOptions& options) {
  const auto host = set_up_host(options);
  if (!host) return 2;
  Runtime& runtime = *host->runtime;
  // Opening them is the only way to know that they run; ten seconds is what a server allows itself too.
  runtime.verify_plugins();
  const auto settled = [&runtime] {
    for (const auto& plugin : runtime.plugins().plugins()) {
      if (!plugin->loaded && !plugin->incompatible) return false;
    }
    return true;
  };
  host->loop.each_round([&] {
    if (settled()) host->loop.stop();
  });
  host->loop.after(std::chrono::seconds(10), [&] { host->loop.stop(); });
  if (!settled()) host->loop.run();
  for (const auto& plugin : runtime.plugins().plugins()) {
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
  for (const RefusedPlugin& refused : runtime.plugins().refused()) {
    std::cout << "refused: " << refused.source << "\n  " << refused.reason << "\n";
  }
  return 0;
}

int run_inspect(const std::string& file, InspectOutput output) {
  std::ifstream stream(file, std::ios::binary);
  const std::string image(std::istreambuf_iterator<char>(stream), {});
  const auto facts = read_elf(image, TOOLPOST_MANIFEST_SECTION, kManifestBytesMax);
  const auto manifest = facts ? parse_manifest(facts->section) : Result<Manifest>(facts.error());
  if (!manifest) {
    std::cerr << file << ": " << manifest.error().message << "\n";
    return 1;
  }
  for (const MethodManifest& method : manifest->methods) {
    for (const std::string* schema : {&method.input_schema, &method.output_schema}) {
      if (schema->empty()) continue;
      if (auto compiled = Schema::compile(*schema); !compiled) {
        std::cerr << file << ": method " << method.name << ": " << compiled.error().message << "\n";
        return 1;
      }
    }
  }
  if (output == InspectOutput::problems) return 0;
  std::cout << manifest->id << " " << manifest->version << "\n" << manifest->summary << "\n";
  for (const MethodManifest& method : manifest->methods)
    std::cout << "  " << method.name << ": " << method.description << "\n";
  for (const std::string& kind : manifest->required) std::cout << "  needs " << kind << "\n";
  for (const std::string& kind : manifest->optional) std::cout << "  may use " << kind << "\n";
  return 0;
}

}  // namespace toolpost
