#include <algorithm>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/commands.hpp"
#include "cli/text_table.hpp"
#include "plugin/elf_file.hpp"
#include "toolpost/plugin.h"

namespace toolpost {
namespace {

using nlohmann::json;

struct Inspected {
  ElfFacts facts;
  Manifest manifest;
};

/// Everything that can be known of the file without opening it as the loader does.
Result<Inspected> inspect(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return Error{Errc::not_found, "the file cannot be read"};
  std::stringstream read;
  read << stream.rdbuf();
  const std::string image = read.str();
  auto facts = read_elf(image, TOOLPOST_MANIFEST_SECTION, kManifestBytesMax);
  if (!facts) return facts.error();
  auto manifest = parse_manifest(facts->section);
  if (!manifest) return manifest.error();
  for (const MethodManifest& method : manifest->methods) {
    for (const std::string* schema : {&method.input_schema, &method.output_schema}) {
      if (schema->empty()) continue;
      if (auto compiled = Schema::compile(*schema); !compiled)
        return compiled.error().with("method " + method.name);
    }
  }
  return Inspected{std::move(*facts), std::move(*manifest)};
}

/// What would keep a host from loading it, though it is well made.
std::vector<std::string> remarks(const ElfFacts& facts) {
  std::vector<std::string> list;
  if (!facts.run_path.empty())
    list.push_back("it has a run path (" + facts.run_path + "), which hosts refuse; link without -rpath");
  for (const std::string& library : facts.needed)
    if (library.find('/') != std::string::npos)
      list.push_back("it needs " + library + " by a path, which hosts refuse; link by name");
  return list;
}

json as_json(const std::string& file, const Inspected& inspected) {
  const Manifest& manifest = inspected.manifest;
  json methods = json::array();
  for (const MethodManifest& method : manifest.methods) {
    methods.push_back(
        {{"name", method.name},
         {"description", method.description},
         {"idempotent", method.idempotent},
         {"read_only", method.read_only},
         {"sample", method.sample.empty() ? json() : json::parse(method.sample, nullptr, false)},
         {"input_schema", json::parse(method.input_schema, nullptr, false)}});
  }
  return {{"file", file},
          {"good", remarks(inspected.facts).empty()},
          {"id", manifest.id},
          {"version", manifest.version},
          {"kind", manifest.kind == PluginKind::tool ? "tool" : "provider"},
          {"abi", manifest.abi},
          {"summary", manifest.summary},
          {"required", manifest.required},
          {"optional", manifest.optional},
          {"libraries", inspected.facts.needed},
          {"remarks", remarks(inspected.facts)},
          {"methods", std::move(methods)}};
}

void print(const Inspected& inspected) {
  const Manifest& manifest = inspected.manifest;
  std::cout << manifest.id << " " << manifest.version << ", a "
            << (manifest.kind == PluginKind::tool ? "tool" : "provider") << " for ABI " << manifest.abi
            << "\n"
            << manifest.summary << "\n\n";
  TextTable methods({"method", "schema", "sample", "does"});
  for (const MethodManifest& method : manifest.methods) {
    methods.add({method.name, std::to_string(method.input_schema.size()) + " bytes",
                 method.sample.empty() ? "none" : "yes", method.description});
  }
  std::cout << methods.text();
  for (const std::string& kind : manifest.required) std::cout << "needs " << kind << "\n";
  for (const std::string& kind : manifest.optional) std::cout << "may use " << kind << "\n";
  for (const std::string& library : inspected.facts.needed) std::cout << "links " << library << "\n";
}

}  // namespace

int run_inspect(const std::string& file, InspectOutput output) {
  const auto inspected = inspect(file);
  if (!inspected) {
    if (output == InspectOutput::json) {
      std::cout << json{{"file", file}, {"good", false}, {"problem", inspected.error().message}}.dump(1)
                << "\n";
    } else {
      std::cerr << file << ": " << inspected.error().message << "\n";
    }
    return 1;
  }
  if (output == InspectOutput::json) {
    std::cout << as_json(file, *inspected).dump(1, ' ', false, json::error_handler_t::replace) << "\n";
    return remarks(inspected->facts).empty() ? 0 : 1;
  }
  if (output == InspectOutput::full) print(*inspected);
  for (const std::string& remark : remarks(inspected->facts)) std::cerr << file << ": " << remark << "\n";
  return remarks(inspected->facts).empty() ? 0 : 1;
}

}  // namespace toolpost
