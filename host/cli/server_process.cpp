#include "cli/server_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <vector>

#include "base/write_all.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

/// A tool that has not answered by then has failed, whatever ceilings are configured.
constexpr Millis kAnswerMax{60'000};

}  // namespace

ServerProcess::ServerProcess(const HostOptions& options, int interruption) : interruption_(interruption) {
  int to_server[2];
  int from_server[2];
  if (pipe2(to_server, O_CLOEXEC) != 0 || pipe2(from_server, O_CLOEXEC) != 0) return;
  pid_ = fork();
  if (pid_ == 0) {
    setpgid(0, 0);  // Ctrl-C is ours: a server that ends by itself keeps the call that ran
    dup2(to_server[0], STDIN_FILENO);
    dup2(from_server[1], STDOUT_FILENO);
    const std::string program = install_prefix() + "/bin/toolpost";
    std::vector<const char*> arguments = {program.c_str()};
    if (options.config_file) arguments.insert(arguments.end(), {"--config", options.config_file->c_str()});
    if (!options.state_dir.empty())
      arguments.insert(arguments.end(), {"--state-dir", options.state_dir.c_str()});
    arguments.insert(arguments.end(), {"serve", nullptr});
    execv(program.c_str(), const_cast<char* const*>(arguments.data()));
    _exit(127);
  }
  to_.reset(to_server[1]);
  from_.reset(from_server[0]);
  close(to_server[0]);
  close(from_server[1]);
}

ServerProcess::~ServerProcess() {
  to_.reset();
  if (pid_ > 0 && silent_) kill(pid_, SIGKILL);
  if (pid_ > 0) waitpid(pid_, nullptr, 0);  // it ends within two seconds of its input
}

json ServerProcess::request(const std::string& method, json params) {
  params["_meta"] = {
      {"io.modelcontextprotocol/protocolVersion", "2026-07-28"},
      {"io.modelcontextprotocol/clientCapabilities", json::object()},
      {"io.modelcontextprotocol/clientInfo", {{"name", "toolpost-smoke"}, {"version", kVersion}}}};
  if (!send({{"jsonrpc", "2.0"}, {"id", ++last_id_}, {"method", method}, {"params", params}})) return nullptr;
  const Deadline deadline(time_.now() + kAnswerMax);
  for (;;) {
    const std::size_t end = buffer_.find('\n');
    if (end == std::string::npos) {
      if (!read_more(deadline)) return nullptr;
      continue;
    }
    const json message = json::parse(buffer_.substr(0, end), nullptr, false);
    buffer_.erase(0, end + 1);
    if (message.is_object() && message.contains("id") && message["id"] == last_id_)
      return message.contains("result") ? message["result"] : message["error"];
  }
}

bool ServerProcess::send(const json& message) {
  return write_all(to_.get(), message.dump() + "\n");
}

bool ServerProcess::read_more(const Deadline& deadline) {
  const Duration left = deadline.remaining(time_.now());
  pollfd waited[2] = {{from_.get(), POLLIN, 0}, {interruption_, POLLIN, 0}};
  if (left <= Duration::zero() || poll(waited, 2, static_cast<int>(to_ms(left)) + 1) == 0) {
    silent_ = true;
    return false;
  }
  if (waited[1].revents != 0) {
    interrupted_ = true;
    send({{"jsonrpc", "2.0"}, {"method", "notifications/cancelled"}, {"params", {{"requestId", last_id_}}}});
    return false;
  }
  char bytes[65536];
  const ssize_t got = read(from_.get(), bytes, sizeof bytes);
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) return false;
  buffer_.append(bytes, static_cast<std::size_t>(got));
  return true;
}

}  // namespace toolpost
