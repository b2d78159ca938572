#pragma once
// A server of our own binary behind two pipes, spoken to as an MCP client does. Threads: one.

#include <nlohmann/json.hpp>
#include <string>

#include "base/time.hpp"
#include "base/unique_fd.hpp"
#include "cli/host_setup.hpp"

namespace toolpost {

class ServerProcess {
 public:
  /// Starts `toolpost serve` with the same --config and --state-dir, and our environment. What makes
  /// `interruption` readable ends the wait for an answer.
  ServerProcess(const HostOptions& options, int interruption);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  /// The answer's result or error, or null after 60 s, or when the server is gone. Notifications are skipped.
  nlohmann::json request(const std::string& method, nlohmann::json params);
  /// It owes an answer that did not come in time.
  bool silent() const { return silent_; }
  /// The request that ran then was cancelled.
  bool interrupted() const { return interrupted_; }

 private:
  bool read_more(const Deadline& deadline);
  bool send(const nlohmann::json& message);

  const SystemTime time_;
  const int interruption_;
  bool silent_ = false;
  bool interrupted_ = false;
  UniqueFd to_;
  UniqueFd from_;
  pid_t pid_ = -1;
  int last_id_ = 0;
  std::string buffer_;
};

}  // namespace toolpost
