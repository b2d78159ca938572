#include "plugin/plugin_catalog.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>

#include "base/private_folder.hpp"
#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "base/write_all.hpp"
#include "plugin/elf_file.hpp"
#include "toolpost/plugin.h"

namespace toolpost {
namespace {

namespace fs = std::filesystem;

Error refused(const std::string& why) {
  return {Errc::incompatible, why};
}

/// Only the owner (we or root) may be able to change it, or a stranger decides what runs with our grants.
Result<void> check_owner(const struct stat& status, const std::string& what) {
  if (status.st_uid != geteuid() && status.st_uid != 0) {
    return refused(what + " belongs to another user; only your own and root's are trusted");
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (status.st_mode & S_ISVTX) == 0) {
    return refused(what + " may be written by others; run chmod go-w on it");
  }
  return {};
}

Result<std::string> read_whole(const std::string& source) {
  const UniqueFd fd(open(source.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (!fd && errno == ELOOP) return refused("it is a symbolic link; copy the file itself into the folder");
  struct stat status{};
  if (!fd || fstat(fd.get(), &status) != 0)
    return refused(std::string("it cannot be opened: ") + std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return refused("it is no regular file");
  if (auto owned = check_owner(status, "the file"); !owned) return owned.error();
  if (status.st_size > static_cast<off_t>(kPluginBytesMax)) return refused("it is larger than 256 MiB");
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t got = pread(fd.get(), bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return refused("it changed while it was read");
    at += static_cast<std::size_t>(got);
  }
  return bytes;
}

std::string sha256(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  return to_hex({reinterpret_cast<const char*>(digest), size});
}

/// The age of a copy is that of its folder.
void mark_used(const fs::path& file) {
  utimensat(AT_FDCWD, file.parent_path().c_str(), nullptr, 0);
}

/// Copies of plugins that were replaced or removed long ago.
void remove_unused(const fs::path& copies) {
  std::error_code error;
  const auto oldest = fs::file_time_type::clock::now() - kCopyUnusedMax;
  std::vector<fs::path> unused;
  for (const auto& entry : fs::directory_iterator(copies, error))
    if (entry.last_write_time(error) < oldest && !error) unused.push_back(entry.path());
  for (const fs::path& folder : unused) fs::remove_all(folder, error);
}

/// Writes the private copy unless it is there already. The name is the content, so an existing one is the
/// same.
Result<std::string> keep_copy(std::string_view bytes, const std::string& hash, const std::string& state_dir) {
  const fs::path folder = fs::path(state_dir) / "plugins" / hash;
  const fs::path file = folder / "plugin.so";
  struct stat status{};
  if (lstat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
      status.st_size == static_cast<off_t>(bytes.size())) {
    mark_used(file);
    return file.string();
  }
  std::error_code error;
  fs::create_directories(folder, error);
  fs::permissions(folder, fs::perms::owner_all, error);
  std::string temporary = (folder / ".copy-XXXXXX").string();
  const UniqueFd fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd)
    return Error{Errc::unavailable, "cannot write to " + folder.string() + ": " + std::strerror(errno)};
  if (!write_all(fd.get(), bytes)) {
    const int code = errno;
    unlink(temporary.c_str());
    return Error{Errc::unavailable, "cannot write " + temporary + ": " + std::strerror(code)};
  }
  fchmod(fd.get(), 0500);
  if (rename(temporary.c_str(), file.c_str()) != 0) {
    return Error{Errc::unavailable, "cannot rename to " + file.string() + ": " + std::strerror(errno)};
  }
  return file.string();
}

/// A plugin's folder is as good as its files: who may write it may swap them.
Result<std::vector<std::string>> list_folder(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return std::vector<std::string>{};
  if (auto owned = check_owner(status, "the folder"); !owned) return owned.error();
  std::vector<std::string> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
    if (entry.path().extension() == ".so") files.push_back(entry.path().string());
    if (files.size() == 1024) break;
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Result<FoundPlugin> admit_plugin(const std::string& source, PluginOrigin origin,
                                 const std::string& state_dir) {
  auto bytes = read_whole(source);
  if (!bytes) return bytes.error();
  auto facts = read_elf(*bytes, TOOLPOST_MANIFEST_SECTION, kManifestBytesMax);
  if (!facts) return facts.error();
  if (!facts->run_path.empty()) {
    return refused("it carries a library path of its own (RPATH or RUNPATH " + facts->run_path +
                   "); link it without, and statically against what is not in the system");
  }
  for (const std::string& library : facts->needed) {
    if (library.find('/') != std::string::npos)
      return refused("it needs " + library + ", which is outside the system's libraries");
  }
  while (!facts->section.empty() && facts->section.back() == '\0') facts->section.pop_back();
  auto manifest = parse_manifest(facts->section);
  if (!manifest) return manifest.error();
  FoundPlugin plugin;
  plugin.manifest = std::move(*manifest);
  plugin.source = source;
  plugin.origin = origin;
  plugin.sha256 = sha256(*bytes);
  auto copy = keep_copy(*bytes, plugin.sha256, state_dir);
  if (!copy) return copy.error();
  plugin.file = std::move(*copy);
  return plugin;
}

Result<PluginCatalog> scan_plugins(const std::vector<PluginFolder>& folders, const std::string& state_dir) {
  if (auto made = make_private_folder(state_dir); !made) return made.error();
  const std::string copies = state_dir + "/plugins";
  if (::mkdir(copies.c_str(), 0700) != 0 && errno != EEXIST)
    return state_failure("the folder of plugins' copies " + copies, "made");
  PluginCatalog catalog;
  std::map<std::string, std::string> ids;
  std::map<std::string, std::string> tools;
  for (const PluginFolder& folder : folders) {
    auto files = list_folder(folder.path);
    if (!files) {
      catalog.refused.push_back({folder.path, files.error().message});
      continue;
    }
    for (const std::string& file : *files) {
      auto plugin = admit_plugin(file, folder.origin, state_dir);
      if (!plugin) {
        catalog.refused.push_back({file, plugin.error().message});
        continue;
      }
      std::string taken;
      if (const auto other = ids.find(plugin->manifest.id); other != ids.end()) {
        taken = "its id " + other->first + " is taken by " + other->second;
      }
      if (plugin->manifest.kind == PluginKind::tool) {
        for (const MethodManifest& method : plugin->manifest.methods) {
          if (const auto other = tools.find(method.name); other != tools.end() && taken.empty()) {
            taken = "its tool name \"" + method.name + "\" is taken by " + other->second;
          }
        }
      }
      if (!taken.empty()) {
        catalog.refused.push_back({file, taken + "; rename one of them or remove its file"});
        continue;
      }
      ids[plugin->manifest.id] = file;
      if (plugin->manifest.kind == PluginKind::tool) {
        for (const MethodManifest& method : plugin->manifest.methods) tools[method.name] = file;
      }
      catalog.plugins.push_back(std::move(*plugin));
    }
  }
  remove_unused(copies);
  return catalog;
}

void keep_copies(const std::vector<std::string>& files) {
  for (const std::string& file : files) mark_used(file);
}

}  // namespace toolpost
