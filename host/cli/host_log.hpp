#pragma once
// Where the log of a running host goes when the configuration names no file: one file for each host in the
// state folder. Not for the lines themselves (see telemetry/log).

#include <string>

#include "base/result.hpp"

namespace toolpost {

/// Files of hosts, rotated ones included, that are kept in the folder besides this host's own.
constexpr std::size_t kHostLogsMax = 20;

/// `<state_dir>/logs/<pid>.jsonl`, with its folder made (0700) and the oldest logs of other hosts removed.
/// Errors: unavailable.
Result<std::string> host_log_file(const std::string& state_dir);

}  // namespace toolpost
