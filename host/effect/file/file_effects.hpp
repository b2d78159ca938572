#pragma once
// The effects file.read and file.list, JSON in and out. Blocking: run on a lane, never on the loop.

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "effect/file/file_roots.hpp"

namespace toolpost {

/// What one call may still read; starts as files.files_max and files.total_bytes_max. What fails costs
/// nothing.
struct FileBudget {
  std::atomic<std::int64_t> files_left{0};
  std::atomic<std::int64_t> bytes_left{0};
};

/// file.read {path, offset?, limit?, binary?} -> {path, text, bytes, mtime_ms, truncated}; `bytes` is the
/// file's size, and
///   when truncated `next_offset` says where to go on. Text is strict UTF-8 without NUL and is cut between
///   characters. Other content is {path, binary: true, bytes, mtime_ms, truncated: false}, or `base64` with
///   it for "binary": true.
/// file.list {path?, depth? 1..8, limit? 1..2000, suffixes?} -> {path, entries: [{path, type: file|dir,
/// bytes}], truncated}.
///   One level and 2000 entries unless said otherwise. Its answer counts as bytes read.
/// Errors:  invalid_input, permission, not_found, exhausted, unavailable; they name the path as it was given.
/// Threads: any, also with a shared budget.
Result<std::string> run_file_effect(const FileRoots& roots, const FileSettings& settings,
                                    std::string_view kind, std::string_view request_json, FileBudget& budget);

}  // namespace toolpost
