#pragma once
// The real program, run to its end or beside a test, in a home of its own.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "catch.hpp"

namespace toolpost {

struct Ended {
  int status = -1;  // of exit, or 128 plus the signal
  std::string out;
  std::string err;
};

inline std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// A home folder without any configuration of the machine, and the program in it.
class ProgramHome {
 public:
  ProgramHome() {
    std::string name = (std::filesystem::temp_directory_path() / "toolpost_cli_XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
    std::filesystem::create_directory(path_ + "/work");
    set("HOME", path_);
    set("PATH", "/usr/bin:/bin");
  }
  ~ProgramHome() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ProgramHome(const ProgramHome&) = delete;
  ProgramHome& operator=(const ProgramHome&) = delete;

  static std::string program() { return TOOLPOST_BINARY_DIR "/bin/toolpost"; }
  const std::string& path() const { return path_; }
  std::string state() const { return path_ + "/.local/state/toolpost"; }
  void set(const std::string& name, const std::string& value) { environment_[name] = value; }

  std::string write(const std::string& name, const std::string& text, mode_t mode = 0644) const {
    const std::string file = path_ + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    std::ofstream(file, std::ios::binary) << text;
    REQUIRE(::chmod(file.c_str(), mode) == 0);
    return file;
  }
  /// The user's configuration file.
  std::string configure(const std::string& toml) const {
    return write(".config/toolpost/toolpost.toml", toml);
  }

  /// A process of the program; `in`, `out` and `err` are its ends.
  pid_t start(const std::vector<std::string>& arguments, int in, int out, int err) const {
    std::vector<std::string> words = {program()}, variables;
    words.insert(words.end(), arguments.begin(), arguments.end());
    for (const auto& [name, value] : environment_) variables.push_back(name + "=" + value);
    std::vector<char*> argv, envp;
    for (std::string& word : words) argv.push_back(word.data());
    for (std::string& variable : variables) envp.push_back(variable.data());
    argv.push_back(nullptr);
    envp.push_back(nullptr);
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_adddup2(&files, in, 0);
    ::posix_spawn_file_actions_adddup2(&files, out, 1);
    ::posix_spawn_file_actions_adddup2(&files, err, 2);
    ::posix_spawn_file_actions_addchdir_np(&files, (path_ + "/work").c_str());
    ::posix_spawn_file_actions_addclosefrom_np(&files, 3);
    pid_t pid = -1;
    const int failure = ::posix_spawn(&pid, words.front().c_str(), &files, nullptr, argv.data(), envp.data());
    ::posix_spawn_file_actions_destroy(&files);
    REQUIRE(failure == 0);
    return pid;
  }

  /// Runs it with `input`, which is small, and waits for its end.
  Ended run(const std::vector<std::string>& arguments, const std::string& input = "") const {
    const std::string out = path_ + "/.out", err = path_ + "/.err", in = path_ + "/.in";
    std::ofstream(in, std::ios::binary) << input;
    constexpr int kWrite = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    const UniqueFd in_fd(::open(in.c_str(), O_RDONLY | O_CLOEXEC));
    const UniqueFd out_fd(::open(out.c_str(), kWrite, 0600)), err_fd(::open(err.c_str(), kWrite, 0600));
    const pid_t pid = start(arguments, in_fd.get(), out_fd.get(), err_fd.get());
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), content_of(out),
            content_of(err)};
  }

 private:
  std::string path_;
  std::map<std::string, std::string> environment_;
};

}  // namespace toolpost
