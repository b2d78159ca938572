#pragma once
// A client of a line server over its stdin and stdout that is cheaper than any server: it prepares requests
// once, writes them in batches, reads 256 KiB at a time and counts newlines. It does not look at answers, so
// it matches the nth answer to the nth request; with more than one in flight the latencies hold only as a
// distribution.

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"

namespace toolpost::bench {

using Clock = std::chrono::steady_clock;

struct DriveResult {
  double calls_per_s = 0;
  double p50_us = 0;
  double p99_us = 0;
  double host_cpu_us = 0;     // per call, of the started process
  double workers_cpu_us = 0;  // per call, of everything below it
  double client_cpu_us = 0;   // per call; near 1e6 / calls_per_s it is the client that limits
  std::uint64_t calls = 0;
  bool whole = false;  // every answer came and they are long enough to hold what was sent
};

class StdioClient {
 public:
  /// Starts `command` with its stderr on /dev/null. Ends it when destroyed.
  explicit StdioClient(const std::vector<std::string>& command);
  ~StdioClient();
  StdioClient(const StdioClient&) = delete;
  StdioClient& operator=(const StdioClient&) = delete;

  /// Sends `line` and returns the next line that comes; empty when none came in 20 s.
  std::string ask(const std::string& line);
  void tell(const std::string& line);

  /// Keeps `in_flight` echo calls with a text of `text_bytes` running for `duration`, then waits for the
  /// rest.
  DriveResult drive(std::size_t text_bytes, std::size_t in_flight, Clock::duration duration);

  pid_t pid() const { return pid_; }

 private:
  struct Run;
  bool wait(short events, int fd) const;
  void write_some(Run& run);
  bool read_some(Run& run);

  pid_t pid_ = -1;
  UniqueFd in_;   // the server's stdin
  UniqueFd out_;  // its stdout
  std::string buffer_;
};

}  // namespace toolpost::bench
