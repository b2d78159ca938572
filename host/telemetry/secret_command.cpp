#include "telemetry/secret_command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

#include "base/unique_fd.hpp"

namespace toolpost {
namespace {

// What password tools need to find their store and their agent; nothing that may hold another secret.
constexpr const char* kPassedOn[] = {"PATH",
                                     "HOME",
                                     "USER",
                                     "LANG",
                                     "XDG_CONFIG_HOME",
                                     "XDG_DATA_HOME",
                                     "XDG_STATE_HOME",
                                     "XDG_CACHE_HOME",
                                     "XDG_RUNTIME_DIR",
                                     "DBUS_SESSION_BUS_ADDRESS"};

std::string why(int code) {
  return std::generic_category().message(code);
}

/// Ends the command and whatever it started, however this function is left.
class RunningCommand {
 public:
  explicit RunningCommand(pid_t pid)
      : pid_(pid), pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
  ~RunningCommand() { end(); }
  RunningCommand(const RunningCommand&) = delete;
  RunningCommand& operator=(const RunningCommand&) = delete;

  int pidfd() const { return pidfd_.get(); }
  /// The wait status; what is left of the group is killed. Once only.
  int end() {
    if (pid_ <= 0) return 0;
    ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_;
  UniqueFd pidfd_;
};

Result<pid_t> spawn(const std::vector<std::string>& command, const EnvironmentGetter& environment,
                    int output) {
  std::vector<std::string> variables;
  for (const char* name : kPassedOn)
    if (const char* value = environment(name)) variables.push_back(std::string(name) + "=" + value);
  std::vector<char*> arguments, entries;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  for (std::string& entry : variables) entries.push_back(entry.data());
  arguments.push_back(nullptr);
  entries.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addclosefrom_np(&files, 3);
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  pid_t pid = -1;
  const int failure =
      ::posix_spawn(&pid, command.front().c_str(), &files, &attributes, arguments.data(), entries.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  if (failure != 0) return Error{Errc::invalid_config, "cannot be run: " + why(failure)};
  return pid;
}

/// A program that others may change could hand out a key of their choice, or keep ours.
Result<void> check_program(const std::string& program) {
  struct stat status{};
  if (::stat(program.c_str(), &status) != 0)
    return Error{Errc::invalid_config, "cannot be found: " + why(errno)};
  if (!S_ISREG(status.st_mode)) return Error{Errc::invalid_config, "is not a program"};
  if (status.st_uid != 0 && status.st_uid != ::geteuid())
    return Error{Errc::invalid_config, "belongs to another user; it must belong to root or to you"};
  if ((status.st_mode & 022) != 0)
    return Error{Errc::invalid_config, "may be changed by others; run chmod go-w on it"};
  return {};
}

Result<void> read_all(const UniqueFd& output, const RunningCommand& running,
                      const SecretCommandLimits& limits, std::string& text) {
  const SystemTime time;
  const Deadline deadline(time.now() + limits.time_max);
  bool open = true;
  for (;;) {
    const Duration left = deadline.remaining(time.now());
    if (left <= Duration::zero())
      return Error{Errc::invalid_config,
                   "did not end within " + std::to_string(limits.time_max.count()) + " ms"};
    // Output first; once that is over, only the end of the process is waited for.
    pollfd waited{open ? output.get() : running.pidfd(), POLLIN, 0};
    if (::poll(&waited, 1, static_cast<int>(to_ms(left)) + 1) <= 0) continue;
    if (!open) return {};
    const std::size_t size = text.size();
    text.resize(limits.bytes_max + 1);
    const ssize_t got = ::read(output.get(), text.data() + size, text.size() - size);
    text.resize(size + static_cast<std::size_t>(got > 0 ? got : 0));
    if (text.size() > limits.bytes_max)
      return Error{Errc::invalid_config, "wrote more than " + std::to_string(limits.bytes_max) + " bytes"};
    open = got > 0 || (got < 0 && errno == EINTR);
  }
}

}  // namespace

Result<std::string> run_secret_command(const std::vector<std::string>& command,
                                       const EnvironmentGetter& environment,
                                       const SecretCommandLimits& limits) {
  const std::string where = "the key command " + command.front();
  const auto failed = [&where](const std::string& what) {
    return Error{Errc::invalid_config, where + " " + what};
  };
  if (auto fine = check_program(command.front()); !fine) return failed(fine.error().message);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return failed("cannot be run: " + why(errno));
  const UniqueFd output(ends[0]);
  UniqueFd input(ends[1]);
  auto pid = spawn(command, environment, input.get());
  input.reset();
  if (!pid) return failed(pid.error().message);
  RunningCommand running(*pid);
  std::string text;
  text.reserve(limits.bytes_max + 1);  // never moved, so that wiping it leaves no copy
  const auto read = read_all(output, running, limits, text);
  const int status = running.end();
  const bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (read && well) return text;
  ::explicit_bzero(text.data(), text.size());
  if (!read) return failed(read.error().message);
  return failed("failed with " +
                (WIFEXITED(status) ? "exit status " + std::to_string(WEXITSTATUS(status))
                                   : "signal " + std::to_string(WTERMSIG(status))) +
                "; run it by hand to see why");
}

}  // namespace toolpost
