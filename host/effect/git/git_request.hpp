#pragma once
// What a plugin may ask of a repository, read from JSON and checked. Not for where the repository is
// (git_places.hpp).

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace toolpost {

constexpr std::uint32_t kGitDepthMax = 8;
constexpr std::uint32_t kGitEntriesMax = 1000;
constexpr std::uint32_t kGitContextLinesMax = 100;

struct GitRequest {
  std::string kind;  // git.repositories | git.changes | git.log
  std::string path;
  // git.repositories
  std::uint32_t depth_max = 5;  // folders below `path`; 0..8
  // git.changes
  std::string compare_to;  // a branch, tag or commit; empty: none
  bool staged = true;
  bool unstaged = true;
  bool untracked = false;
  std::uint32_t context_lines = 3;  // around each change; 0..100
  std::uint64_t max_bytes = 0;      // of the answer's files; at most git.output_bytes_max
  // git.log
  std::uint32_t max_entries = 20;  // 1..1000
  std::string file;                // in the repository; empty: all
};

/// Absent fields take their defaults, `max_bytes` the whole of `output_bytes_max`; a larger one is cut to it.
/// Errors: invalid_input, naming the field, its range and the likely meaning of an unknown one; unsupported
/// for another kind.
Result<GitRequest> parse_git_request(std::string_view kind, std::string_view json,
                                     std::uint64_t output_bytes_max);

}  // namespace toolpost
