#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

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
    alarm(60);  // the whole program ends if the server never answers; that is what smoke is for
    for (;;) {
      const std::size_t end = buffer_.find('\n');
      if (end == std::string::npos) {
        char bytes[65536];
        const ssize_t got = read(from_.get(), bytes, sizeof bytes);
        if (got <= 0) return nullptr;
        buffer_.append(bytes, static_cast<std::size_t>(got));
        continue;
      }
      const json message = json::parse(buffer_.substr(0, end), nullptr, false);
      buffer_.erase(0, end + 1);
      if (message.is_object() && message.contains("id") && message["id"] == last_id_) {
        alarm(0);
        return message.contains("result") ? message["result"] : message["error"];
      }
    }
  }

 private:
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

}  // namespace

int run_smoke(const HostOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<Sample> samples = read_samples(options);
  if (samples.empty()) return 2;
  ServerProcess server(options);
  const json discovered = server.request("server/discover", json::object());
  if (!discovered.is_object() || !discovered.contains("supportedVersions")) {
    std::cerr << "toolpost: the server did not answer server/discover\n";
    return 1;
  }
  int failures = 0;
  std::printf("%-12s %10s %6s %9s  %s\n", "tool", "time", "turns", "attempts", "status");
  for (const Sample& sample : samples) {
    if (sample.arguments.empty()) {
      std::printf("%-12s %10s %6s %9s  %s\n", sample.tool.c_str(), "-", "-", "-",
                  "no sample in its manifest");
      continue;
    }
    const auto begin = std::chrono::steady_clock::now();
    const json result = server.request(
        "tools/call", {{"name", sample.tool}, {"arguments", json::parse(sample.arguments, nullptr, false)}});
    const double ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
    const bool answered = result.is_object() && result.contains("content");
    const json meta = answered ? result.value("_meta", json::object()).value("toolpost/call", json::object())
                               : json::object();
    std::string status = "ok";
    if (!answered) {
      status = "no answer: " + result.dump().substr(0, 200);
    } else if (needs_provider(result)) {
      status = "ok, needs a provider: none is configured";
    } else if (result.value("isError", false)) {
      status = "failed: " + result["content"][0].value("text", "").substr(0, 200);
    }
    failures += status.starts_with("ok") ? 0 : 1;
    std::printf("%-12s %7.1f ms %6d %9d  %s\n", sample.tool.c_str(), ms, meta.value("turns", 0),
                meta.value("attempts", 0), status.c_str());
  }
  const std::string program = install_prefix() + "/bin/toolpost";
  std::printf(
      "\nConnect a client:\n"
      "  Claude Code  claude mcp add toolpost -- %s serve\n"
      "  Codex        codex mcp add toolpost -- %s serve\n"
      "  Cursor       ~/.cursor/mcp.json    {\"mcpServers\": {\"toolpost\": {\"command\": \"%s\", \"args\": "
      "[\"serve\"]}}}\n"
      "  VS Code      .vscode/mcp.json      {\"servers\": {\"toolpost\": {\"type\": \"stdio\", \"command\": "
      "\"%s\", \"args\": [\"serve\"]}}}\n",
      program.c_str(), program.c_str(), program.c_str(), program.c_str());
  return failures == 0 ? 0 : 1;
}

}  // namespace toolpost
