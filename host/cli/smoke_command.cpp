#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/client_hints.hpp"
#include "cli/commands.hpp"
#include "cli/text_table.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

/// A tool that has not answered by then has failed, whatever ceilings are configured.
constexpr Millis kAnswerMax{60'000};

/// A server of our own binary behind two pipes, spoken to as an MCP client does.
class ServerProcess {
 public:
  explicit ServerProcess(const HostOptions& options) {
    int to_server[2];
    int from_server[2];
    if (pipe2(to_server, O_CLOEXEC) != 0 || pipe2(from_server, O_CLOEXEC) != 0) return;
    pid_ = fork();
    if (pid_ == 0) {
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
  ~ServerProcess() {
    to_.reset();
    if (pid_ > 0 && silent_) kill(pid_, SIGKILL);
    if (pid_ > 0) waitpid(pid_, nullptr, 0);  // it ends within two seconds of its input
  }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  /// The answer's result, or null after 60 s, or when the server is gone. Notifications are skipped.
  json request(const std::string& method, json params) {
    params["_meta"] = {
        {"io.modelcontextprotocol/protocolVersion", "2026-07-28"},
        {"io.modelcontextprotocol/clientCapabilities", json::object()},
        {"io.modelcontextprotocol/clientInfo", {{"name", "toolpost-smoke"}, {"version", kVersion}}}};
    const std::string line =
        json{{"jsonrpc", "2.0"}, {"id", ++last_id_}, {"method", method}, {"params", params}}.dump() + "\n";
    if (write(to_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) return nullptr;
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
  bool silent() const { return silent_; }

 private:
  bool read_more(const Deadline& deadline) {
    const Duration left = deadline.remaining(time_.now());
    pollfd waited{from_.get(), POLLIN, 0};
    if (left <= Duration::zero() || poll(&waited, 1, static_cast<int>(to_ms(left)) + 1) == 0) {
      silent_ = true;
      return false;
    }
    char bytes[65536];
    const ssize_t got = read(from_.get(), bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) return true;
    if (got <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  const SystemTime time_;
  bool silent_ = false;  // it owes an answer that did not come in time
  UniqueFd to_;
  UniqueFd from_;
  pid_t pid_ = -1;
  int last_id_ = 0;
  std::string buffer_;
};

struct Sample {
  std::string tool;
  std::string arguments;
};

struct Row {
  std::string tool;
  std::string status;
  double ms = 0;
  json meta = json::object();  // turns, attempts, tokens
  bool good = false;
  bool called = false;
};

std::vector<Sample> read_samples(const HostOptions& options) {
  std::vector<Sample> samples;
  const auto host = set_up_host(options);
  if (!host) return samples;
  for (const std::string& tool : host->runtime->plugins().tool_names()) {
    samples.push_back({tool, host->runtime->plugins().tool(tool).method->manifest->sample});
  }
  return samples;
}

/// What a failure means here: without a provider, a tool that only asks one has nothing to do, and says so.
bool needs_provider(const json& result) {
  return result.value("isError", false) &&
         result.value("_meta", json::object()).value("toolpost/error", json::object()).value("code", "") ==
             "unsupported";
}

Row call(ServerProcess& server, const Sample& sample) {
  Row row{sample.tool, "no sample in its manifest", 0, json::object(), true, false};
  if (sample.arguments.empty()) return row;
  if (server.silent())
    return {sample.tool, "not called: the server owes an earlier answer", 0, json::object()};
  row.called = true;
  const auto begin = std::chrono::steady_clock::now();
  const json result = server.request(
      "tools/call", {{"name", sample.tool}, {"arguments", json::parse(sample.arguments, nullptr, false)}});
  row.ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  row.good = false;
  if (!result.is_object() || !result.contains("content")) {
    row.status = server.silent() ? "no answer within 60 s" : "no answer: " + result.dump().substr(0, 200);
    return row;
  }
  row.meta = result.value("_meta", json::object()).value("toolpost/call", json::object());
  row.good = true;
  if (needs_provider(result)) {
    row.status = "ok, needs a provider that is not configured";
  } else if (result.value("isError", false)) {
    row.good = false;
    row.status = "failed: " + result["content"][0].value("text", "").substr(0, 200);
  } else {
    row.status = "ok";
  }
  return row;
}

std::vector<std::string> cells(const Row& row) {
  if (!row.called) return {row.tool, "-", "-", "-", "-", row.status};
  char ms[32];
  std::snprintf(ms, sizeof ms, "%.1f ms", row.ms);
  const auto count = [&](const char* key) { return std::to_string(row.meta.value(key, 0)); };
  return {row.tool, ms, count("turns"), count("attempts"), count("tokens"), row.status};
}

json as_json(const Row& row) {
  return {{"tool", row.tool},
          {"good", row.good},
          {"called", row.called},
          {"ms", row.ms},
          {"turns", row.meta.value("turns", 0)},
          {"attempts", row.meta.value("attempts", 0)},
          {"tokens", row.meta.value("tokens", 0)},
          {"status", row.status}};
}

void print_hints() {
  std::cout << "\nConnect a client:\n";
  TextTable table({"  client", "how"});
  for (const ClientHint& hint : client_hints(install_prefix() + "/bin/toolpost", {}, "."))
    table.add({"  " + hint.name, hint.connect});
  std::cout << table.text();
}

}  // namespace

int run_smoke(const HostOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<Sample> samples = read_samples(options);
  if (samples.empty()) return 2;
  // What the server says of itself in its log is not what was asked here; its warnings are.
  setenv("TOOLPOST_LOG__LEVEL", "warn", 0);
  ServerProcess server(options);
  const json discovered = server.request("server/discover", json::object());
  if (!discovered.is_object() || !discovered.contains("supportedVersions")) {
    std::cerr << "toolpost: the server did not answer server/discover\n";
    return 1;
  }
  const bool people = options.output == Output::human;
  TextTable table({"tool", "time", "turns", "attempts", "tokens", "status"});
  json list = json::array();
  bool good = true;
  for (const Sample& sample : samples) {
    // A tool may take a minute; whoever watches sees which.
    if (people && isatty(STDERR_FILENO) == 1) std::cerr << "calling " << sample.tool << " ...\n";
    const Row row = call(server, sample);
    good = good && row.good;
    table.add(cells(row));
    list.push_back(as_json(row));
  }
  if (people) {
    std::cout << table.text();
    print_hints();
  } else {
    std::cout << json{{"good", good}, {"tools", list}}.dump(1, ' ', false, json::error_handler_t::replace)
              << "\n";
  }
  return good ? 0 : 1;
}

}  // namespace toolpost
