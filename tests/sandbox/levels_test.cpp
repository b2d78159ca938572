// Each level on its own: a child enters the sandbox at exactly that level and tries every power.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include "catch.hpp"
#include "powers.h"
#include "worker/sandbox.hpp"

using namespace toolpost;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TOOLPOST_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TOOLPOST_TEST_SANITIZED 1
#endif
#endif

/// The filter of a sanitized build lets pass what the sanitizer itself asks the kernel.
bool left_open_by_sanitizers([[maybe_unused]] const std::string& power) {
#ifdef TOOLPOST_TEST_SANITIZED
  return std::set<std::string>{"TIOCSTI", "outlive the host", "prlimit of another"}.contains(power);
#else
  return false;
#endif
}

struct Tried {
  int reached = -1;                     // -1: the sandbox could not be entered
  std::vector<power_outcome> outcomes;  // as in `powers`
};

/// The process that is attacked: one of the same account, as a sibling worker would be.
class Victim {
 public:
  Victim() : pid_(fork()) {
    if (pid_ == 0) {
      for (;;) pause();
    }
  }
  ~Victim() {
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  int pid() const { return pid_; }

 private:
  const pid_t pid_;
};

Tried try_at(int level, const target& at, const SandboxLimits& limits = {}) {
  const auto program = make_seccomp_program(Refusing::silently);
  REQUIRE(program);
  int pipes[2];
  REQUIRE(pipe(pipes) == 0);
  const pid_t child = fork();
  if (child == 0) {
    close(pipes[0]);
    const auto reached = enter_sandbox(level, limits, {}, *program);
    const char first = reached ? static_cast<char>(*reached) : char{-1};
    if (write(pipes[1], &first, 1) != 1 || !reached) _exit(1);
    for (int i = 0; i < powers_count; ++i) {
      const char outcome = static_cast<char>(powers[i].use(&at));
      if (write(pipes[1], &outcome, 1) != 1) _exit(1);
    }
    _exit(0);
  }
  close(pipes[1]);
  Tried tried;
  char byte;
  if (read(pipes[0], &byte, 1) == 1) tried.reached = byte;
  while (read(pipes[0], &byte, 1) == 1) tried.outcomes.push_back(static_cast<power_outcome>(byte));
  close(pipes[0]);
  waitpid(child, nullptr, 0);
  return tried;
}

struct Place {
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("toolpost_levels_" + std::to_string(getpid()));
  std::string file = folder / "secret.txt";
  Place() {
    std::filesystem::create_directories(folder);
    std::ofstream(file) << "secret";
  }
  ~Place() { std::filesystem::remove_all(folder); }
};

void check_level(int level) {
  const Place place;
  const Victim victim;
  const std::string folder = place.folder;
  const Tried tried = try_at(level, {victim.pid(), place.file.c_str(), folder.c_str()});
  REQUIRE(tried.reached >= 0);
  if (tried.reached < level) {
    WARN("NOT TRIED: level " << level << " cannot be reached on this machine, only level " << tried.reached);
    return;
  }
  REQUIRE(tried.outcomes.size() == static_cast<std::size_t>(powers_count));
  for (int i = 0; i < powers_count; ++i) {
    const power_outcome outcome = tried.outcomes[static_cast<std::size_t>(i)];
    CAPTURE(level, powers[i].name, static_cast<int>(outcome));
    if (level >= powers[i].refused_from) {
      if (!left_open_by_sanitizers(powers[i].name)) CHECK(outcome != POWER_WORKED);
    } else if (powers[i].is_common) {
      CHECK(outcome == POWER_WORKED);  // or the test proves nothing about the level that refuses it
    }
  }
}

}  // namespace

TEST_CASE("level 0: a process of its own keeps every power of the account", "[sandbox][level]") {
  check_level(0);
}
TEST_CASE("level 1: limits hold and privileges are gone", "[sandbox][level]") {
  check_level(1);
}
TEST_CASE("level 2: seccomp alone refuses processes, network, signals and tracing", "[sandbox][level]") {
  check_level(2);
}
TEST_CASE("level 3: Landlock refuses every file but the libraries", "[sandbox][level]") {
  check_level(3);
}
TEST_CASE("level 4: not even names of files and processes are seen", "[sandbox][level]") {
  check_level(4);
}

TEST_CASE("level 4: each namespace is the child's own", "[sandbox][level]") {
  const auto program = make_seccomp_program(Refusing::silently);
  REQUIRE(program);
  int ready[2];
  int go_on[2];
  REQUIRE(pipe(ready) == 0);
  REQUIRE(pipe(go_on) == 0);
  const pid_t child = fork();
  if (child == 0) {
    close(go_on[1]);
    const auto reached = enter_sandbox(4, {}, {}, *program);
    char byte = reached ? static_cast<char>(*reached) : char{-1};
    if (write(ready[1], &byte, 1) != 1) _exit(1);
    if (read(go_on[0], &byte, 1) < 0) _exit(1);
    _exit(0);
  }
  close(ready[1]);
  char reached = -1;
  REQUIRE(read(ready[0], &reached, 1) == 1);
  if (reached < 4) {
    WARN("NOT TRIED: level 4 cannot be reached on this machine, only level " << static_cast<int>(reached));
  } else {
    for (const char* kind : {"user", "mnt", "net", "ipc", "uts", "cgroup"}) {
      std::error_code error;
      const std::string path = "/ns/" + std::string(kind);
      const auto ours = std::filesystem::read_symlink("/proc/self" + path, error);
      const auto theirs = std::filesystem::read_symlink("/proc/" + std::to_string(child) + path, error);
      CAPTURE(kind);
      if (error) {
        WARN("NOT TRIED: this account may not look at the " << kind << " namespace of the child");
      } else {
        CHECK(ours != theirs);
      }
    }
  }
  close(go_on[1]);
  waitpid(child, nullptr, 0);
  close(ready[0]);
  close(go_on[0]);
}

TEST_CASE("limits: what is just below works, what is above does not", "[sandbox][level]") {
  const Place place;
  const std::string folder = place.folder;
  SandboxLimits ample;
  ample.files_max = 400;
  ample.file_bytes_max = 1u << 30;
  const Tried tried = try_at(1, {getpid(), place.file.c_str(), folder.c_str()}, ample);
  REQUIRE(tried.reached == 1);
  for (int i = 0; i < powers_count; ++i) {
    const std::string name = powers[i].name;
    if (name == "write a file past its limit" || name == "open more descriptors than the limit") {
      CHECK(tried.outcomes.at(static_cast<std::size_t>(i)) == POWER_WORKED);
    }
  }
}
