#include "effect/file/file_effects.hpp"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

namespace toolpost {
namespace {

using nlohmann::json;

std::string dumped(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::strict); }

bool is_text(const std::string& bytes) {
  if (std::memchr(bytes.data(), 0, bytes.size()) != nullptr) return false;
  try {
    dumped(json(bytes));  // nlohmann checks UTF-8 when it writes
    return true;
  } catch (const json::exception&) {
    return false;
  }
}

Result<std::string> read_file(const FileRoots& roots, const FileSettings& settings, const std::string& path, FileBudget& budget) {
  if (budget.files_left.fetch_sub(1) <= 0) {
    return Error{Errc::exhausted, path + ": the call has read files.files_max = " + std::to_string(settings.files_max) + " files"};
  }
  auto file = roots.open_file(path);
  if (!file) return file.error();
  if (budget.bytes_left.fetch_sub(static_cast<std::int64_t>(file->bytes)) < static_cast<std::int64_t>(file->bytes)) {
    return Error{Errc::exhausted, path + ": the call would read more than files.total_bytes_max = " +
                                      std::to_string(settings.total_bytes_max) + " bytes"};
  }
  std::string bytes(file->bytes, '\0');
  std::size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t got = pread(file->fd.get(), bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error{Errc::unavailable, path + ": " + std::strerror(errno)};
    if (got == 0) break;  // it shrank meanwhile
    at += static_cast<std::size_t>(got);
  }
  bytes.resize(at);
  json result = {{"path", path}, {"bytes", bytes.size()}, {"changed_ms", file->changed_ms}};
  if (is_text(bytes)) {
    result["text"] = std::move(bytes);
  } else {
    result["binary"] = true;
  }
  return dumped(result);
}

Result<std::string> list_files(const FileRoots& roots, const std::string& path, std::size_t limit) {
  auto fd = roots.open_directory(path);
  if (!fd) return fd.error();
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(fdopendir(fd->get()), closedir);
  if (!folder) return Error{Errc::unavailable, path + ": " + std::strerror(errno)};
  [[maybe_unused]] const int owned_by_folder = fd->release();
  std::vector<std::pair<std::string, std::string>> entries;
  bool truncated = false;
  while (const dirent* entry = readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == ".." || roots.denied(name)) continue;
    if (entry->d_type != DT_REG && entry->d_type != DT_DIR) continue;
    if (entries.size() == limit) {
      truncated = true;
      break;
    }
    entries.emplace_back(name, entry->d_type == DT_DIR ? "folder" : "file");
  }
  std::sort(entries.begin(), entries.end());
  json result = {{"path", path}, {"entries", json::array()}, {"truncated", truncated}};
  for (const auto& [name, type] : entries) {
    if (is_text(name)) result["entries"].push_back({{"name", name}, {"type", type}});
  }
  return dumped(result);
}

}  // namespace

Result<std::string> run_file_effect(const FileRoots& roots, const FileSettings& settings, std::string_view kind,
                                    std::string_view request_json, FileBudget& budget) {
  const json request = json::parse(request_json, nullptr, false);
  if (!request.is_object() || !request.contains("path") || !request["path"].is_string()) {
    return Error{Errc::invalid_input, std::string(kind) + " needs a \"path\""};
  }
  const std::string path = request["path"];
  if (kind == "file.read") return read_file(roots, settings, path, budget);
  const json limit = request.value("limit", json(500));
  if (!limit.is_number_unsigned() || limit.get<std::uint64_t>() < 1 || limit.get<std::uint64_t>() > 2000) {
    return Error{Errc::invalid_input, "file.list: \"limit\" must be between 1 and 2000"};
  }
  return list_files(roots, path, limit.get<std::size_t>());
}

}  // namespace toolpost
