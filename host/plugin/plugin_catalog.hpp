#pragma once
// Which plugins there are: looks through folders, copies each library to a private place under its hash,
// reads its manifest from that copy, and says why the others were refused. Runs none of their code.

#include <chrono>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "plugin/manifest.hpp"

namespace toolpost {

enum class PluginOrigin {
  bundled,
  dropped_in
};  // bundled ones get the effects they ask for; others what is granted

struct FoundPlugin {
  Manifest manifest;
  std::string source;  // the file as the user knows it
  std::string file;    // the private copy, the only one that is ever loaded
  std::string sha256;  // of the file, hex
  PluginOrigin origin = PluginOrigin::dropped_in;
};

struct RefusedPlugin {
  std::string source;
  std::string reason;  // what, why, what to do
};

struct PluginFolder {
  std::string path;  // need not exist
  PluginOrigin origin = PluginOrigin::dropped_in;
};

struct PluginCatalog {
  std::vector<FoundPlugin> plugins;  // in order of folders, then of file names
  std::vector<RefusedPlugin> refused;
};

/// The largest plugin file, in bytes.
constexpr std::size_t kPluginBytesMax = 256 << 20;

/// How long the private copy of a plugin stays that nobody scans or keeps any more: long enough for any host
/// that still runs it.
constexpr std::chrono::hours kCopyUnusedMax{30 * 24};

/// A host that runs says so now and then, so that the copies of its plugins stay.
void keep_copies(const std::vector<std::string>& files);

/// Scans every "*.so" of the folders, not recursively. Refuses: what others may write (file, folder, or a
/// link to either), what is too large, RPATH and RUNPATH, needed libraries with a path, unreadable manifests,
/// ids and tool names that an earlier plugin has taken. Removes copies that no host has used for
/// kCopyUnusedMax. Error: only when `state_dir` cannot be used.
Result<PluginCatalog> scan_plugins(const std::vector<PluginFolder>& folders, const std::string& state_dir);

/// Copies, hashes and reads one file, as scan_plugins() does for each.
Result<FoundPlugin> admit_plugin(const std::string& source, PluginOrigin origin,
                                 const std::string& state_dir);

}  // namespace toolpost
