#pragma once
// Starts a program of our own with nothing of ours but the descriptors it is given: no environment, no other
// descriptor, no signal handler, mask, terminal or process group. Not for what it does, and not for ending
// it.

#include <string>

namespace toolpost {

struct BareProgram {
  std::string file;      // absolute path
  std::string name;      // as its first argument
  std::string argument;  // the only other one
  // Borrowed until the start; -1 is /dev/null, and for `socket` none.
  int input = -1;
  int output = -1;
  int error = -1;
  int socket = -1;  // becomes descriptor 3
};

/// Puts the pid into `pid`; the caller must reap it. Returns 0 or an errno. Memory is shared until the exec
/// and none of it is copied, however much there is; nothing runs in between but what is safe while other
/// threads hold locks. Threads: any.
int start_bare_program(const BareProgram& program, int& pid);

}  // namespace toolpost
