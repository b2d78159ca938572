#pragma once
// One toolpost-git process: started with one order, answers once, and ends. Not for when to start or end it
// (GitService) nor for what it answers.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace toolpost {

constexpr std::size_t kGitOrderBytesMax = 96 << 10;  // fits a socket's buffer, so that writing it never waits

class GitProcess {
 public:
  /// Starts `program` with an empty environment and two descriptors, both the one socket, and hands it
  /// `order`. It ends with the calling *thread*. Error: unavailable, naming the file; exhausted for a larger
  /// order.
  static Result<GitProcess> start(const std::string& program, std::string_view order);

  GitProcess(GitProcess&& other) noexcept = default;
  GitProcess& operator=(GitProcess&& other) noexcept = delete;
  GitProcess(const GitProcess&) = delete;
  GitProcess& operator=(const GitProcess&) = delete;
  /// SIGKILL, and the reaping, which then takes no time to speak of.
  ~GitProcess();

  /// Readable while there is more of the answer; at its end the process has closed it. Never blocks.
  int socket() const { return socket_.get(); }
  /// Readable once the process has ended.
  int pidfd() const { return pidfd_.get(); }
  void kill() const;
  /// The wait status, once it has ended; empty before. To be asked again only while it was empty.
  std::optional<int> reap();

 private:
  GitProcess(UniqueFd socket, UniqueFd pidfd) : socket_(std::move(socket)), pidfd_(std::move(pidfd)) {}

  UniqueFd socket_;
  UniqueFd pidfd_;  // empty once reaped
};

/// "signal 11 (Segmentation fault)" or "exit status 3".
std::string describe_git_end(int wait_status);

}  // namespace toolpost
