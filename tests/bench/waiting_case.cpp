#include "waiting_case.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "process_stat.hpp"
#include "scratch.hpp"
#include "stdio_client.hpp"

namespace toolpost::bench {
namespace {

constexpr int kCalls = 10'000;

/// Takes connections as the kernel does and never reads from them. Returns the port; 0 if there is none.
int open_silent_server(UniqueFd& listener) {
  listener.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      listen(listener.get(), 4096) != 0 ||
      getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return 0;
  }
  return ntohs(address.sin_port);
}

std::string write_config(const Scratch& scratch, int port) {
  const std::string file = scratch.path() + "/waiting.toml";
  std::ofstream(file) << "[admission]\ncalls_max = 10100\nowner_calls_max = 10100\nplugin_calls_max = 10100\n"
                      << "[http]\nconnections_max = 1024\n"
                      << "[providers.silent]\nbase_url = \"http://127.0.0.1:" << port
                      << "/v1\"\nmodels = [\"m\"]\nconcurrency_max = 10000\n";
  return file;
}

std::string call(int id, const char* tool, const char* arguments) {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":"tools/call","params":{"name":")" +
         tool + R"(","arguments":)" + arguments + "}}";
}

/// How many calls run, as the host says; it runs the one that asks too.
int running(StdioClient& client, int id) {
  const std::string answer = client.ask(call(id, "status", "{}"));
  const std::string key = R"("running":)";
  const auto at = answer.find(key);
  return at == std::string::npos ? -1 : std::atoi(answer.c_str() + at + key.size()) - 1;
}

}  // namespace

void print_waiting_calls() {
  UniqueFd listener;
  const Scratch scratch;
  const std::string config = write_config(scratch, open_silent_server(listener));
  StdioClient client(
      {TOOLPOST_BINARY_DIR "/bin/toolpost", "--config", config, "--state-dir", scratch.path(), "serve"});
  client.ask(
      R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},)"
      R"("clientInfo":{"name":"bench","version":"1"}}})");
  client.tell(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  running(client, 1);
  const auto before = memory_of(client.pid());
  for (int i = 0; i < kCalls; ++i) client.tell(call(100 + i, "chat", R"({"prompt":"What is a lathe?"})"));
  int waiting = 0;
  for (int asked = 2; asked < 90 && waiting < kCalls; ++asked) waiting = running(client, asked);
  const auto after = memory_of(client.pid());
  if (!before || !after || waiting < kCalls) {
    std::printf("  %d of %d calls wait for a silent model server; memory not measured\n", waiting, kCalls);
    return;
  }
  std::printf(
      "  %d calls that wait for a silent model server: host %ld -> %ld KiB resident, %.1f KiB each, %zu "
      "processes\n",
      waiting, before->rss, after->rss, static_cast<double>(after->rss - before->rss) / waiting,
      descendants(client.pid()).size());
}

}  // namespace toolpost::bench
