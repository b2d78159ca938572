#pragma once
// Runs the command that an operator named as the source of a key, and hands over what it wrote. No shell, a
// small environment, bounded time and size. Blocks while it runs: not for the loop's thread once calls run.

#include <string>
#include <vector>

#include "base/time.hpp"
#include "telemetry/secret.hpp"

namespace toolpost {

struct SecretCommandLimits {
  Millis time_max{10'000};
  std::size_t bytes_max = 16 * 1024 + 2;  // a key and its line end
};

/// The first bytes of `command`'s standard output, which the caller wipes. `command` is an absolute program
/// and its arguments.
/// Errors:   invalid_config: it cannot be run, failed, took too long, wrote too much, or others may change
/// it.
///           Never quotes what it wrote.
/// Threads:  any; waits for at most `limits.time_max`. The command's process group is gone afterwards.
Result<std::string> run_secret_command(const std::vector<std::string>& command,
                                       const EnvironmentGetter& environment,
                                       const SecretCommandLimits& limits = {});

}  // namespace toolpost
