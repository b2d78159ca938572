#include "effect/file/file_roots.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace toolpost {
namespace {

constexpr std::size_t kPathBytesMax = 4096;
constexpr std::size_t kNameBytesMax = 255;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& letter : out) letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  return out;
}

/// UTF-8 of characters that hide or reorder a name on screen: U+00AD, 061C, 180E, 200B-200F, 202A-202E, 2060-2069, FEFF,
/// E0000-E007F.
bool hides(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const auto a = static_cast<unsigned char>(text[i]);
    const auto b = static_cast<unsigned char>(text[i + 1]);
    const auto c = i + 2 < text.size() ? static_cast<unsigned char>(text[i + 2]) : 0;
    if ((a == 0xc2 && b == 0xad) || (a == 0xd8 && b == 0x9c) || (a == 0xe1 && b == 0xa0 && c == 0x8e)) return true;
    if (a == 0xe2 && b == 0x80 && ((c >= 0x8b && c <= 0x8f) || (c >= 0xaa && c <= 0xae))) return true;
    if (a == 0xe2 && b == 0x81 && c >= 0xa0 && c <= 0xa9) return true;
    if ((a == 0xef && b == 0xbb && c == 0xbf) || (a == 0xf3 && b == 0xa0 && (c == 0x80 || c == 0x81))) return true;
  }
  return false;
}

bool matches_any(const std::string& name, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(), [&](const char* one) { return name == one; });
}

}  // namespace

std::vector<std::string> default_roots(const std::string& working_directory, const std::string& home) {
  const bool above_home = !home.empty() && (home == working_directory || home.starts_with(working_directory + "/"));
  if (working_directory.empty() || working_directory == "/" || above_home) return {};
  return {working_directory};
}

Result<FileRoots> FileRoots::open(const std::vector<std::string>& roots, const FileSettings& settings,
                                  const std::string& state_dir) {
  FileRoots opened;
  opened.deny_ = settings.deny;
  for (std::string& name : opened.deny_) name = lower(name);
  opened.file_bytes_max_ = settings.file_bytes_max;
  std::error_code error;
  opened.state_dir_ = std::filesystem::weakly_canonical(state_dir, error).string();
  for (const std::string& root : roots) {
    const std::string real = std::filesystem::canonical(root, error).string();
    UniqueFd fd(error ? -1 : ::open(real.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return Error{Errc::invalid_config, "files.roots: " + root + " is no folder that can be opened"};
    opened.roots_.push_back({real, std::move(fd)});
  }
  return opened;
}

std::vector<std::string> FileRoots::names() const {
  std::vector<std::string> names;
  for (const Root& root : roots_) names.push_back(root.path);
  return names;
}

bool FileRoots::denied(std::string_view component) const {
  const std::string name = lower(component);
  if (matches_any(name, {".git", ".ssh", ".gnupg", ".aws", ".env", ".netrc", ".npmrc", ".pypirc", "credentials",
                         "credentials.json"})) {
    return true;
  }
  if (name.starts_with(".env.") && name != ".env.example") return true;
  if (name.starts_with("id_rsa") || name.starts_with("id_ed25519") || name.starts_with("id_ecdsa")) return true;
  for (const char* ending : {".pem", ".key", ".p12", ".pfx"}) {
    if (name.ends_with(ending)) return true;
  }
  return std::find(deny_.begin(), deny_.end(), name) != deny_.end();
}

Result<void> FileRoots::check_name(std::string_view path) const {
  const auto refuse = [](const std::string& why) { return Error{Errc::invalid_input, why}; };
  if (path.empty() || path.size() > kPathBytesMax) return refuse("a path has 1 to 4096 bytes");
  for (const char letter : path) {
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) return refuse("the path holds a control character");
  }
  if (hides(path)) return refuse("the path holds an invisible or direction-changing character");
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view component = path.substr(begin, end - begin);
    if (component.size() > kNameBytesMax) return refuse("a part of the path is longer than 255 bytes");
    if (component == "..") return refuse("the path goes up with \"..\"; give it without");
    if (denied(component)) {
      return Error{Errc::permission, "\"" + std::string(component) + "\" is never read: it may hold secrets"};
    }
    begin = end + 1;
  }
  return {};
}

Result<UniqueFd> FileRoots::open_beneath(std::string_view path, int flags) const {
  const std::string shown(path.substr(0, 300));
  if (auto checked = check_name(path); !checked) return checked.error().with(shown);
  if (roots_.empty()) {
    return Error{Errc::permission, shown + ": no folder is open to tools; start in a project, or set files.roots in the configuration"};
  }
  const Root* root = &roots_.front();
  if (path.front() == '/') {
    const auto found = std::find_if(roots_.begin(), roots_.end(), [&](const Root& one) {
      return path == one.path || path.starts_with(one.path == "/" ? one.path : one.path + "/");
    });
    if (found == roots_.end()) {
      std::string list;
      for (const Root& one : roots_) list += (list.empty() ? "" : ", ") + one.path;
      return Error{Errc::permission, shown + " is outside the folders that tools may read (" + list +
                                         "); the operator can add it to files.roots"};
    }
    root = &*found;
    path.remove_prefix(std::min(path.size(), root->path.size()));
  }
  while (!path.empty() && path.front() == '/') path.remove_prefix(1);
  const std::string rest = path.empty() ? "." : std::string(path);
  const std::string whole = root->path + "/" + rest;
  if (!state_dir_.empty() && (whole == state_dir_ || whole.starts_with(state_dir_ + "/"))) {
    return Error{Errc::permission, shown + " belongs to Toolpost itself"};
  }
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS;
  for (int tries = 0;; ++tries) {
    UniqueFd fd(static_cast<int>(syscall(SYS_openat2, root->fd.get(), rest.c_str(), &how, sizeof how)));
    if (fd) return fd;
    if (errno == EAGAIN && tries < 3) continue;  // the tree changed under the kernel's feet
    if (errno == ENOENT || errno == ENOTDIR) return Error{Errc::not_found, shown + " is not there"};
    if (errno == ELOOP || errno == EXDEV) return Error{Errc::permission, shown + " leads through a symbolic link or out of its folder"};
    return Error{Errc::permission, shown + " cannot be opened: " + std::strerror(errno)};
  }
}

Result<OpenedFile> FileRoots::open_file(std::string_view path) const {
  auto fd = open_beneath(path, O_RDONLY);
  if (!fd) return fd.error();
  const std::string shown(path.substr(0, 300));
  struct stat status {};
  if (fstat(fd->get(), &status) != 0) return Error{Errc::unavailable, shown + ": " + std::strerror(errno)};
  if (!S_ISREG(status.st_mode)) return Error{Errc::invalid_input, shown + " is no regular file"};
  const auto bytes = static_cast<std::uint64_t>(status.st_size);
  if (bytes > file_bytes_max_) {
    return Error{Errc::exhausted, shown + " has " + std::to_string(bytes) + " bytes, more than files.file_bytes_max = " +
                                      std::to_string(file_bytes_max_)};
  }
  OpenedFile file;
  file.fd = std::move(*fd);
  file.bytes = bytes;
  file.changed_ms = status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1'000'000;
  return file;
}

Result<UniqueFd> FileRoots::open_directory(std::string_view path) const { return open_beneath(path, O_RDONLY | O_DIRECTORY); }

}  // namespace toolpost
