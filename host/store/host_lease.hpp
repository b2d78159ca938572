#pragma once
// Which hosts of a state folder live: each holds a lock on a file of its own for as long as it does, and the
// kernel takes the lock back however it dies. What a dead host had leased is free; for an hour its name stays
// there, so that others learn of the death. Threads: any.

#include <set>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace toolpost {

class HostLease {
 public:
  /// `name`: 1..64 of lower-case hex digits, used once. Removes what others left long ago. Errors:
  /// unavailable, exhausted.
  static Result<HostLease> take(const std::string& state_dir, const std::string& name);
  HostLease(HostLease&& other) noexcept = default;
  HostLease& operator=(HostLease&& other) noexcept = default;
  ~HostLease();

  const std::string& name() const { return name_; }
  /// Whether the host of that name lives; a name that is none is nobody's.
  static bool is_held(const std::string& state_dir, const std::string& name);
  /// The names of the hosts of the folder that died in the last hour and may have left calls. Never blocks.
  std::set<std::string> dead() const;
  /// This host ends with calls that are not answered: its name stays as one that died.
  void leave_calls() { leaves_calls_ = true; }

 private:
  HostLease(std::string folder, std::string name, UniqueFd lock)
      : folder_(std::move(folder)), name_(std::move(name)), lock_(std::move(lock)) {}

  std::string folder_;
  std::string name_;
  UniqueFd lock_;
  bool leaves_calls_ = false;
};

}  // namespace toolpost
