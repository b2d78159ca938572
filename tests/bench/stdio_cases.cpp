#include "stdio_cases.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "process_stat.hpp"
#include "scratch.hpp"
#include "stdio_client.hpp"
#include "waiting_case.hpp"

namespace toolpost::bench {
namespace {

using namespace std::chrono_literals;

const std::string kProgram = TOOLPOST_BINARY_DIR "/bin/toolpost";
const std::string kSource = TOOLPOST_SOURCE_DIR;
constexpr auto kDuration = 400ms;
constexpr auto kWarmUp = 100ms;
constexpr int kRuns = 3;  // each with a fresh server; the median is shown
constexpr int kStarts = 11;

const std::string kInitialize =
    R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},)"
    R"("clientInfo":{"name":"bench","version":"1"}}})";
const std::string kInitialized = R"({"jsonrpc":"2.0","method":"notifications/initialized"})";
const std::string kDiscover =
    R"({"jsonrpc":"2.0","id":0,"method":"server/discover","params":{"_meta":{)"
    R"("io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},)"
    R"("io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"}}}})";
const std::string kSmallCall =
    R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"x"}}})";

struct Load {
  const char* name;
  std::size_t text_bytes;
  std::size_t in_flight;
  bool pinned;
};

constexpr Load kLoads[] = {
    {"600 B   1 in flight, one core", 600, 1, true},
    {"600 B   1 in flight", 600, 1, false},
    {"600 B  64 in flight", 600, 64, false},
    {"10 KB   1 in flight, one core", 10'000, 1, true},
    {"10 KB   1 in flight", 10'000, 1, false},
    {"10 KB  64 in flight", 10'000, 64, false},
    {"1 MB    1 in flight, one core", 1'000'000, 1, true},
    {"1 MB    1 in flight", 1'000'000, 1, false},
    {"1 MB   64 in flight", 1'000'000, 64, false},
};

struct Server {
  const char* name;
  std::vector<std::string> command;
};

std::vector<std::string> serve_command(const Scratch& scratch) {
  return {kProgram, "--state-dir", scratch.path(), "serve"};
}

std::vector<Server> servers(const Scratch& scratch) {
  const std::string wide = scratch.path() + "/wide.toml";
  std::ofstream(wide) << "[admission]\ncalls_max = 64\nowner_calls_max = 64\nplugin_calls_max = 64\n";
  const std::string within = scratch.path() + "/within.toml";
  std::ofstream(within) << "[isolation]\nmode = \"in-process\"\nallow_unsafe = true\n";
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  std::vector<Server> all{
      {"toolpost", serve_command(scratch)},
      {"toolpost, 64 admitted (not default)",
       {kProgram, "--config", wide, "--state-dir", scratch.path(), "serve"}},
      {"toolpost, in-process (no isolation)",
       {kProgram, "--config", within, "--state-dir", scratch.path(), "serve"}},
      {"loop simdjson", {self, "--loop", "simdjson"}},
      {"loop nlohmann", {self, "--loop", "nlohmann"}},
  };
  if (std::filesystem::exists(kSource + "/tests/e2e/node_modules/@modelcontextprotocol/server")) {
    all.push_back({"npm sdk 1.x (node)", {"node", kSource + "/tests/bench/sdk_server.mjs"}});
    all.push_back({"npm sdk 2.x (node)", {"node", kSource + "/tests/bench/sdk_server_v2.mjs"}});
  }
  return all;
}

std::optional<DriveResult> measure_once(const Server& server, const Load& load) {
  std::optional<Pin> pin;
  if (load.pinned) pin.emplace();
  StdioClient client(server.command);
  if (client.ask(kInitialize).find("\"result\"") == std::string::npos) return std::nullopt;
  client.tell(kInitialized);
  if (client.ask(kSmallCall).find("\"x\"") == std::string::npos) return std::nullopt;
  client.drive(load.text_bytes, load.in_flight, kWarmUp);
  return client.drive(load.text_bytes, load.in_flight, kDuration);
}

std::optional<DriveResult> measure(const Server& server, const Load& load) {
  std::vector<DriveResult> runs;
  for (int i = 0; i < kRuns; ++i) {
    const auto run = measure_once(server, load);
    if (!run) return std::nullopt;
    runs.push_back(*run);
  }
  std::sort(runs.begin(), runs.end(),
            [](const DriveResult& a, const DriveResult& b) { return a.calls_per_s < b.calls_per_s; });
  return runs[kRuns / 2];
}

void print_row(const Server& server, const std::optional<DriveResult>& result, double toolpost_per_s) {
  if (!result) return void(std::printf("  %-36s did not answer\n", server.name));
  std::printf("  %-36s %9.0f %9.1f %9.1f %8.1f %8.1f %8.1f %9.2fx%s\n", server.name, result->calls_per_s,
              result->p50_us, result->p99_us, result->host_cpu_us, result->workers_cpu_us,
              result->client_cpu_us, toolpost_per_s / result->calls_per_s,
              result->whole ? "" : "  SHORT ANSWERS");
  std::fflush(stdout);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

// Milliseconds from before the fork until `last` of the lines is answered; negative if it is not.
double start_ms(const std::vector<std::string>& command, const std::vector<std::string>& lines) {
  const auto begin = Clock::now();
  StdioClient client(command);
  for (const std::string& line : lines) {
    if (client.ask(line).find("\"result\"") == std::string::npos) return -1;
  }
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

void print_start(const char* name, const std::vector<std::string>& command,
                 const std::vector<std::string>& lines, int starts) {
  std::vector<double> all;
  for (int i = 0; i < starts; ++i) all.push_back(start_ms(command, lines));
  std::printf("  %-60s %9.1f ms   min %.1f, max %.1f, of %d\n", name, median(all),
              *std::min_element(all.begin(), all.end()), *std::max_element(all.begin(), all.end()), starts);
}

// Median microseconds of one call after another.
double ask_us(StdioClient& client, const std::string& line, int calls = 3000) {
  std::vector<double> all;
  for (int i = 0; i < calls; ++i) {
    const auto begin = Clock::now();
    client.ask(line);
    all.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
  }
  return median(all);
}

// `version` does what `echo` does and asks for one effect that is answered at once: the difference is a
// suspension.
void print_suspension(const Scratch& scratch) {
  const Pin pin;
  StdioClient client(servers(scratch).front().command);
  client.ask(kInitialize);
  client.tell(kInitialized);
  const std::string version =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"version","arguments":{}}})";
  client.ask(kSmallCall);
  client.ask(version);
  const double plain = ask_us(client, kSmallCall);
  const double suspended = ask_us(client, version);
  std::printf(
      "\none call after another, one core: echo %.1f us, with one suspended effect %.1f us, extra %.1f us\n",
      plain, suspended, suspended - plain);
}

// A workflow that ends without an expert answers at once: judged against what is promised, and an echo.
void print_certain(const Scratch& scratch) {
  constexpr double kPromisedMs = 50;
  StdioClient client(servers(scratch).front().command);
  client.ask(kInitialize);
  client.tell(kInitialized);
  const std::string certain =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"debug","arguments":{"step":"The sum is wrong",)"
      R"("step_number":1,"total_steps":1,"next_step_required":false,"findings":"The loop begins at 1",)"
      R"("confidence":"certain"}}})";
  const auto begin = Clock::now();
  const bool answered = client.ask(certain).find("certain_confidence_proceed_with_fix") != std::string::npos;
  const double first_ms = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  const double later_us = ask_us(client, certain, 300);
  client.ask(kSmallCall);
  const double echo_us = ask_us(client, kSmallCall, 300);
  const bool kept = answered && first_ms < kPromisedMs && later_us < 1000 * kPromisedMs;
  std::printf("debug, certain: first %.1f ms, then %.1f us (%.1f x echo): under %.0f ms, %s\n", first_ms,
              later_us, later_us / echo_us, kPromisedMs, kept ? "kept" : "NOT KEPT");
}

void print_memory(const char* name, pid_t pid) {
  if (const auto memory = memory_of(pid)) {
    std::printf("  %-60s rss %6ld  pss %6ld  private %6ld KiB\n", name, memory->rss, memory->pss,
                memory->own);
  } else {
    std::printf("  %-60s smaps_rollup cannot be read (the process is not dumpable; ask as root)\n", name);
  }
}

}  // namespace

void print_stdio_table(std::string_view wanted) {
  const Scratch scratch;
  std::printf("\n%-38s %9s %9s %9s %8s %8s %8s %10s\n", "tools/call echo over stdio", "calls/s", "p50 us",
              "p99 us", "host us", "workers", "client", "toolpost/");
  for (const Load& load : kLoads) {
    if (!std::string_view(load.name).starts_with(wanted)) continue;
    std::printf("%s\n", load.name);
    double toolpost_per_s = 0;
    for (const Server& server : servers(scratch)) {
      const bool wide = std::string_view(server.name).find("64 admitted") != std::string_view::npos;
      if (wide && (load.in_flight == 1 || load.text_bytes != 600)) continue;
      const auto result = measure(server, load);
      if (toolpost_per_s == 0 && result) toolpost_per_s = result->calls_per_s;
      print_row(server, result, toolpost_per_s);
    }
  }
  if (wanted.empty()) print_suspension(scratch);
  if (wanted.empty() || wanted == "certain") print_certain(scratch);
}

void print_start_and_memory() {
  const Scratch scratch;
  const auto serve = serve_command(scratch);
  start_ms(serve, {kInitialize});  // copies the plugins into the state folder, once per version
  std::printf("\nstart to first answer\n");
  print_start("toolpost serve: initialize", serve, {kInitialize}, kStarts);
  print_start("toolpost serve: server/discover", serve, {kDiscover}, kStarts);
  print_start("toolpost serve: initialize, then a first echo", serve, {kInitialize, kSmallCall}, kStarts);
  for (const Server& server : servers(scratch)) {
    if (server.command[0] == "node")
      print_start((server.name + std::string(": initialize")).c_str(), server.command, {kInitialize}, 3);
  }
  std::printf("memory, idle after one call\n");
  StdioClient client(serve);
  client.ask(kInitialize);
  client.tell(kInitialized);
  client.ask(kSmallCall);
  print_memory("host", client.pid());
  const auto below = descendants(client.pid());
  for (std::size_t i = 0; i < below.size(); ++i) print_memory(i == 0 ? "spawner" : "worker", below[i]);
  print_waiting_calls();
}

}  // namespace toolpost::bench
