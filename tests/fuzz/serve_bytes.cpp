// A client that sends nonsense to `toolpost serve` over its pipe, round by round, each from its own seed.
// After every round the server must still answer a ping, have written nothing but whole JSON lines, and end
// with status 0 when its input ends.   serve_bytes PROGRAM ROUNDS [FIRST_SEED]
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "base/random.hpp"
#include "base/time.hpp"
#include "base/unique_fd.hpp"

extern char** environ;

using namespace toolpost;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SERVE_BYTES_SLOW 1
#endif
#endif
#ifdef SERVE_BYTES_SLOW
constexpr Millis kEndMax{10'000};  // sanitizers make everything slower
#else
constexpr Millis kEndMax{2'000};
#endif
constexpr Millis kAnswerMax{20'000};

const std::vector<std::string>& seeds() {
  static const std::string meta =
      R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"progressToken":7})";
  static const std::vector<std::string> lines = {
      R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}})",
      R"({"jsonrpc":"2.0","method":"notifications/initialized"})",
      R"({"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"echo","arguments":{"text":"hello"}}})",
      R"({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo","arguments":{"text":"x"},)" +
          meta + "}}",
      R"({"jsonrpc":"2.0","id":3,"method":"tools/list","params":{)" + meta + "}}",
      R"({"jsonrpc":"2.0","id":4,"method":"server/discover","params":{)" + meta + "}}",
      R"({"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"debug","arguments":{"step":"s","step_number":1},)" +
          meta + "}}",
      R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"a"}})",
      R"({"jsonrpc":"2.0","id":6,"result":{}})",
      R"([{"jsonrpc":"2.0","id":8,"method":"ping"}])",
  };
  return lines;
}

std::string mutated(RandomSource& random) {
  static constexpr char kBytes[] = "{}[]\":,\\01-e.nutrfalse \t\r\n\x00\xff\xc3\xe2\x80\x8b";
  constexpr std::string_view kLikely(kBytes, sizeof kBytes - 1);  // one of them is NUL
  std::string line = seeds()[random.below(seeds().size())];
  for (std::uint64_t edits = random.below(4); edits > 0 && !line.empty(); --edits) {
    const std::size_t at = random.below(line.size());
    switch (random.below(6)) {
      case 0:
        line.erase(at, 1 + random.below(8));
        break;
      case 1:
        line.insert(at, 1, kLikely[random.below(kLikely.size())]);
        break;
      case 2:
        line[at] = static_cast<char>(random.next());
        break;
      case 3:
        line.insert(at, line.substr(random.below(line.size()), random.below(40)));
        break;
      case 4:
        line.insert(at, std::string(random.below(20'000), kLikely[random.below(kLikely.size())]));
        break;
      default:
        line.resize(at);
        break;
    }
  }
  return line;
}

std::string bytes_of_round(RandomSource& random) {
  std::string bytes;
  for (std::uint64_t lines = 1 + random.below(60); lines > 0; --lines) {
    if (random.below(12) == 0) {
      for (std::uint64_t size = random.below(3000); size > 0; --size)
        bytes += static_cast<char>(random.next());
    } else {
      bytes += mutated(random);
    }
    if (random.below(15) != 0) bytes += '\n';
  }
  return bytes;
}

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Server {
 public:
  Server(const std::string& program, const std::string& state_dir) {
    int in[2];
    int out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) throw Failure("no pipes");
    const UniqueFd child_in(in[0]);
    const UniqueFd child_out(out[1]);
    to_.reset(in[1]);
    from_.reset(out[0]);
    fcntl(to_.get(), F_SETFL, O_NONBLOCK);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, child_in.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, child_out.get(), STDOUT_FILENO);
    const char* argv[] = {program.c_str(), "--state-dir", state_dir.c_str(), "serve", nullptr};
    const int failed =
        posix_spawn(&process_, program.c_str(), &actions, nullptr, const_cast<char**>(argv), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw Failure("cannot start " + program);
  }
  ~Server() {
    if (process_ <= 0) return;
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Writes all of `bytes` and reads until a line holds `wanted`; every line must be JSON.
  void talk(std::string_view bytes, std::string_view wanted) {
    const auto end = Clock::now() + kAnswerMax;
    while (!read_lines(wanted)) {
      pollfd ready[] = {{from_.get(), POLLIN, 0}, {bytes.empty() ? -1 : to_.get(), POLLOUT, 0}};
      const auto left = std::chrono::duration_cast<Millis>(end - Clock::now()).count();
      if (left <= 0) throw Failure("no answer to the last ping in time");
      poll(ready, 2, static_cast<int>(left));
      if ((ready[1].revents & (POLLOUT | POLLERR)) != 0) {
        const ssize_t sent = write(to_.get(), bytes.data(), std::min<std::size_t>(bytes.size(), 4096));
        if (sent < 0 && errno != EAGAIN) throw Failure("the server closed its input");
        if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      }
      if ((ready[0].revents & (POLLIN | POLLHUP)) != 0) fill();
    }
  }

  /// Ends the input and waits for the process.
  void end() {
    to_.reset();
    const auto end = Clock::now() + kEndMax;
    while (true) {
      pollfd ready{from_.get(), POLLIN, 0};
      const auto left = std::chrono::duration_cast<Millis>(end - Clock::now()).count();
      if (left <= 0) throw Failure("it did not end in time after its input had ended");
      poll(&ready, 1, static_cast<int>(left));
      if ((ready.revents & (POLLIN | POLLHUP)) != 0 && !fill()) break;
    }
    (void)read_lines("");
    int status = 0;
    waitpid(std::exchange(process_, -1), &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
      throw Failure("it ended with wait status " + std::to_string(status));
    if (!unread_.empty()) throw Failure("its last line has no end");
  }

 private:
  /// False at the end of the output.
  bool fill() {
    char buffer[65'536];
    const ssize_t got = read(from_.get(), buffer, sizeof buffer);
    if (got > 0) unread_.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }
  /// Takes the whole lines that are there; true when one of them is the answer to `wanted`.
  bool read_lines(std::string_view wanted) {
    bool found = false;
    std::size_t begin = 0;
    for (std::size_t at; (at = unread_.find('\n', begin)) != std::string::npos; begin = at + 1) {
      const json message = json::parse(unread_.substr(begin, at - begin), nullptr, false);
      if (!message.is_object() || message.value("jsonrpc", "") != "2.0")
        throw Failure("it wrote what is no message: " +
                      unread_.substr(begin, std::min<std::size_t>(at - begin, 200)));
      found = found || (message.contains("id") && message["id"] == wanted && message.contains("result"));
    }
    unread_.erase(0, begin);
    return found;
  }

  pid_t process_ = -1;
  UniqueFd to_, from_;
  std::string unread_;
};

void run_round(const std::string& program, const std::string& state_dir, std::uint64_t seed) {
  SeededRandom random(seed);
  Server server(program, state_dir);
  const std::string last = "last-" + std::to_string(seed);
  server.talk(
      bytes_of_round(random) + "\n" + R"({"jsonrpc":"2.0","id":")" + last + R"(","method":"ping"})" + "\n",
      last);
  server.end();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "serve_bytes PROGRAM ROUNDS [FIRST_SEED]\n";
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::string state_dir = (std::filesystem::temp_directory_path() / "serve_bytes_XXXXXX").string();
  if (mkdtemp(state_dir.data()) == nullptr) return 2;
  const std::uint64_t first = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  const std::uint64_t rounds = std::strtoull(argv[2], nullptr, 10);
  int status = 0;
  for (std::uint64_t seed = first; seed < first + rounds && status == 0; ++seed) {
    try {
      run_round(argv[1], state_dir, seed);
    } catch (const Failure& failure) {
      std::cerr << "round with seed " << seed << ": " << failure.what() << "\nagain: " << argv[0] << " "
                << argv[1] << " 1 " << seed << "\n";
      status = 1;
    }
  }
  std::filesystem::remove_all(state_dir);
  if (status == 0) std::cout << rounds << " rounds from seed " << first << "\n";
  return status;
}
