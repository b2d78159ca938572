// One method per way to misbehave inside a turn.
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <toolpost/plugin.hpp>

namespace {

using toolpost::json;

std::atomic<int> runs{0};

[[noreturn]] void spin() {
  for (volatile unsigned long turn = 0;; turn = turn + 1) {
  }
}

std::string tried(long result) {
  return result >= 0 ? "worked" : errno == EPERM || errno == EACCES ? "denied" : "failed";
}

json attack() {
  json outcome;
  outcome["fork"] = tried(fork());
  outcome["socket"] = tried(socket(AF_INET, SOCK_STREAM, 0));
  outcome["kill_parent"] = tried(kill(getppid(), 0));
  outcome["exec"] = tried(execl("/bin/true", "true", static_cast<char*>(nullptr)));
  std::ifstream passwd("/etc/passwd");
  outcome["etc_passwd"] = passwd.good() ? "worked" : "denied";
  std::ofstream file("/tmp/toolpost-attack");
  outcome["write_tmp"] = file.good() ? "worked" : "denied";
  std::ifstream environment("/proc/" + std::to_string(getppid()) + "/environ");
  outcome["parent_environment"] = environment.good() ? "worked" : "denied";
  outcome["own_environment"] = environ == nullptr || *environ == nullptr ? "empty" : "there";
  return outcome;
}

struct Faulty : toolpost::Plugin {
  json invoke(toolpost::Call& call, std::string_view method, const json& request) override {
    if (method == "spin") spin();
    if (method == "says_and_spins") {
      std::fprintf(stderr, "%s\n", request.value("word", "").c_str());
      spin();
    }
    if (method == "spin_deaf") {
      for (int number = 1; number < 32; ++number) std::signal(number, SIG_IGN);
      spin();
    }
    if (method == "crash") std::raise(SIGSEGV);
    if (method == "abort") std::abort();
    if (method == "exit") std::exit(0);
    if (method == "throw_int") throw 42;
    if (method == "throw_error")
      throw toolpost::Error(TOOLPOST_CONFLICT, "as you wished", 250, TOOLPOST_SIDE_EFFECT_MAYBE);
    if (method == "bad_output") return {{"wrong", true}};
    if (method == "no_output") return nullptr;
    if (method == "flood") return std::string(64 << 20, 'x');
    if (method == "close_everything") {
      for (int fd = 0; fd < 64; ++fd) close(fd);
      spin();
    }
    if (method == "garbage") {
      const std::string bytes(5000, 'g');
      const ssize_t sent = send(3, bytes.data(), bytes.size(), 0);
      if (sent < 0 && write(3, bytes.data(), bytes.size()) < 0) return {{"ok", false}};
      spin();
    }
    if (method == "attack") return attack();
    if (method == "tells_limits") {
      rlimit files{}, bytes{};
      getrlimit(RLIMIT_NOFILE, &files);
      getrlimit(RLIMIT_FSIZE, &bytes);
      return {{"files", files.rlim_max}, {"file_bytes", bytes.rlim_max}};
    }
    if (method == "chatters") {
      const std::string line(999, 'c');
      for (int i = 0; i < 64; ++i) std::printf("%s\n", line.c_str());
      std::fflush(stdout);
      return {{"ok", true}};
    }
    if (method == "divergent") {
      call.perform("sleep", {{"ms", ++runs}});
      call.perform("sleep", {{"ms", 1}});
      return {{"ok", true}};
    }
    if (method == "swallows") {
      // The SDK unwinds with a type of its own; code that catches everything must not break the call.
      try {
        call.sleep_ms(1);
        return {{"ok", true}, {"now", call.now_ms() > 0}};
      } catch (...) {
        call.emit("application/json", R"({"ok":false})");
        return {{"ok", false}};
      }
    }
    if (method == "sleeps") {
      call.sleep_ms(request.value("ms", 1));
      return {{"ok", true}};
    }
    if (method == "many_effects") {
      for (int i = 0; i < 100'000; ++i) call.start("sleep", {{"ms", 1}});
      call.sleep_ms(1);
    }
    if (method == "join") {
      const auto slow = call.start("sleep", {{"ms", 60'000}});
      const auto quick = call.start("sleep", {{"ms", 1}});
      const auto done = call.join({slow, quick}, 1);
      return {{"ok", done.size() == 1 && done[0].handle == quick.handle}};
    }
    if (method == "crash_after_effect") {
      call.sleep_ms(1);
      if (runs++ == 0) std::raise(SIGSEGV);
      return {{"ok", true}};
    }
    return {{"ok", true}};
  }
};

}  // namespace

TOOLPOST_PLUGIN(Faulty)
