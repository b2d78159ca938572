#pragma once
// What a plugin says of itself in plugin.toml, embedded in its file and read without running its code.
// docs/plugin-guide.md lists the fields for authors.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace toolpost {

enum class PluginKind { tool, provider };

struct MethodManifest {
  std::string name;  // of a tool: its MCP name; [A-Za-z0-9_.-], 1..64
  std::string title;
  std::string description;
  std::string input_schema;   // JSON, an object schema
  std::string output_schema;  // JSON, empty if none
  std::string sample;         // JSON, a small real input for `toolpost smoke`; empty if none
  bool idempotent = false;
  bool read_only = false;
};

struct Manifest {
  std::string id;  // reverse domain, lower case
  std::string version;
  unsigned abi = 0;  // major
  PluginKind kind = PluginKind::tool;
  std::string summary;
  std::vector<std::string> required;      // effect kinds it cannot do without
  std::vector<std::string> optional;      // effect kinds that may be refused
  std::vector<std::string> http_origins;  // that it would ask over "http"; a proposal, which grants nothing
  std::string config_schema;              // JSON, empty if it takes no configuration
  std::string key_header = "Authorization";  // of a provider: how its server wants the key
  std::string key_prefix = "Bearer ";
  std::vector<MethodManifest> methods;
};

/// The largest manifest that is read, in bytes.
constexpr std::size_t kManifestBytesMax = 256 << 10;

/// Errors: incompatible, naming every field that is wrong, one per line.
Result<Manifest> parse_manifest(std::string_view toml);

/// The effect kinds that a manifest may ask for.
const std::vector<std::string>& known_effect_kinds();

}  // namespace toolpost
