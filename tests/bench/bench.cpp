// toolpost_bench: prints in one run what an echo costs in each way of calling it, with ratios. About two
// minutes. It needs a quiet machine: the load average is printed first, and the CPU columns bear more than
// the clock's.

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>

#include "line_loop.hpp"
#include "local_cases.hpp"
#include "stdio_cases.hpp"

using namespace toolpost::bench;

namespace {

void print_row(const char* name, double ns, const char* than, double reference_ns) {
  std::printf("%-62s %12.1f ns", name, ns);
  if (reference_ns > 0) std::printf("   %7.2f x %s", ns / reference_ns, than);
  std::printf("\n");
  std::fflush(stdout);
}

void print_calls(std::size_t bytes, Cores cores) {
  const char* const where = cores == Cores::one ? "one core" : "all cores";
  char name[128];
  const double bare = packet_ping_pong_ns(bytes, cores);
  std::snprintf(name, sizeof name, "SOCK_SEQPACKET ping-pong of two processes, %zu B, %s", bytes, where);
  print_row(name, bare, "", 0);
  std::snprintf(name, sizeof name, "echo through the whole chain, isolated, %zu B, %s", bytes, where);
  const double isolated = call_ns(bytes, cores, 1, "process");
  print_row(name, isolated, "the ping-pong", bare);
  print_row("the same, in-process", call_ns(bytes, cores, 1, "in-process"), "isolated", isolated);
  print_row("the same, isolated, 64 in flight, each", call_ns(bytes, cores, 64, "process"), "the ping-pong",
            bare);
}

void print_local_table() {
  const double direct = direct_call_ns(600);
  print_row("direct call through a dlsym'd pointer, 600 B copied", direct, "", 0);
  print_row("in-process turn of the echo plugin, 600 B", in_process_turn_ns(600), "the direct call", direct);
  for (const std::size_t bytes : {std::size_t{600}, std::size_t{4096}}) {
    print_calls(bytes, Cores::one);
    print_calls(bytes, Cores::all);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--loop") {
    return std::string_view(argv[2]) == "simdjson" ? run_simdjson_loop() : run_nlohmann_loop();
  }
  const bool one_load = argc == 3 && std::string_view(argv[1]) == "--load";
  if (argc != 1 && !one_load) {
    std::fprintf(stderr,
                 "usage: toolpost_bench [--load \"600 B  64 in flight\" | --load certain | --loop "
                 "nlohmann|simdjson]\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  double load[1] = {};
  getloadavg(load, 1);
  std::printf("%ld cores, load average %.2f before\n", sysconf(_SC_NPROCESSORS_ONLN), load[0]);
  try {
    if (one_load) {
      print_stdio_table(argv[2]);
      return 0;
    }
    print_local_table();
    print_stdio_table("");
    print_start_and_memory();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "toolpost_bench: %s\n", error.what());
    return 1;
  }
}
