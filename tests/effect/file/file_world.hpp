#pragma once
// A temporary folder with a root, things beside it that must never be read, and the host's own state.

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "effect/file/file_roots.hpp"

namespace toolpost {

constexpr const char* kSecret = "outside-secret";

class FileWorld {
 public:
  FileWorld() {
    std::string name = (std::filesystem::temp_directory_path() / "toolpost_file_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    top = std::filesystem::canonical(name).string();
    root = top + "/allowed";
    state = root + "/state";
    write("allowed/a.txt", "inside");
    write("allowed/src/b.cpp", "inside b");
    write("allowed/src/deep/c.cpp", "inside c");
    write("allowed/state/store.db", kSecret);
    write("allowed_evil/a.txt", kSecret);
    write("secret.txt", kSecret);
    write("outside/secret.txt", kSecret);
  }
  ~FileWorld() {
    std::error_code error;
    std::filesystem::remove_all(top, error);
  }
  FileWorld(const FileWorld&) = delete;
  FileWorld& operator=(const FileWorld&) = delete;

  void write(const std::string& path, const std::string& content) const {
    const std::filesystem::path whole = std::filesystem::path(top) / path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole, std::ios::binary) << content;
  }
  void link(const std::string& target, const std::string& path) const {
    std::filesystem::create_symlink(target, std::filesystem::path(top) / path);
  }
  FileRoots roots(OpenMethod method = OpenMethod::kernel) const {
    return std::move(FileRoots::open({root}, settings, state, method)).value();
  }

  std::string top, root, state;
  FileSettings settings;
};

inline std::string content_of(const OpenedFile& file) {
  std::string bytes(file.bytes, '\0');
  const ssize_t got = pread(file.fd.get(), bytes.data(), bytes.size(), 0);
  bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return bytes;
}

}  // namespace toolpost
