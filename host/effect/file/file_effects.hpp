#pragma once
// The effects file.read and file.list. Blocking: run on a lane, never on the loop.

#include <atomic>
#include <string>
#include <string_view>

#include "effect/file/file_roots.hpp"

namespace toolpost {

/// What one call may still read.
struct FileBudget {
  std::atomic<std::int64_t> files_left{0};
  std::atomic<std::int64_t> bytes_left{0};
};

/// file.read {path} -> {path, text, bytes, changed_ms}, or {path, binary: true, bytes, changed_ms}.
/// file.list {path, limit?} -> {path, entries: [{name, type}], truncated}, sorted, without denied names and links.
/// Errors: permission, not_found, invalid_input, exhausted; the message names the path as it was given.
Result<std::string> run_file_effect(const FileRoots& roots, const FileSettings& settings, std::string_view kind,
                                    std::string_view request_json, FileBudget& budget);

}  // namespace toolpost
