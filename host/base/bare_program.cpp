#include "base/bare_program.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <csignal>

namespace toolpost {
namespace {

constexpr int kSocket = 3;

struct Preparation {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  Preparation() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  Preparation(const Preparation&) = delete;
  Preparation& operator=(const Preparation&) = delete;
  ~Preparation() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
};

int give(Preparation& with, int from, int to) {
  // Duplicating a descriptor onto itself clears its close-on-exec flag, so `from` may be `to` already.
  if (from >= 0) return posix_spawn_file_actions_adddup2(&with.actions, from, to);
  return posix_spawn_file_actions_addopen(&with.actions, to, "/dev/null", O_RDWR, 0);
}

/// Returns 0 or an errno.
int prepare(Preparation& with, const BareProgram& program) {
  // The socket first: it may stand where one of the others goes.
  int code = program.socket < 0 ? 0 : give(with, program.socket, kSocket);
  if (code == 0) code = give(with, program.input, 0);
  if (code == 0) code = give(with, program.output, 1);
  // Our own error stream is inherited as it is, closed too.
  if (code == 0 && program.error != STDERR_FILENO) code = give(with, program.error, STDERR_FILENO);
  const int first_closed = program.socket < 0 ? kSocket : kSocket + 1;
  if (code == 0) code = posix_spawn_file_actions_addclosefrom_np(&with.actions, first_closed);
  // What a terminal sends to us (^C, ^Z) is ours to answer, and must not take our processes away first.
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  if (code == 0) code = posix_spawnattr_setsigmask(&with.attributes, &none);
  if (code == 0) code = posix_spawnattr_setsigdefault(&with.attributes, &all);
  constexpr int kFlags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID;
  if (code == 0) code = posix_spawnattr_setflags(&with.attributes, kFlags);
  return code;
}

}  // namespace

int start_bare_program(const BareProgram& program, int& pid) {
  Preparation with;
  if (const int code = prepare(with, program); code != 0) return code;
  std::string name = program.name;
  std::string argument = program.argument;
  char* arguments[] = {name.data(), argument.data(), nullptr};
  char* environment[] = {nullptr};
  return posix_spawn(&pid, program.file.c_str(), &with.actions, &with.attributes, arguments, environment);
}

}  // namespace toolpost
