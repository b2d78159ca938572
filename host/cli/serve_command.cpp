#include <malloc.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

#include "cli/commands.hpp"
#include "cli/mcp_server.hpp"

namespace toolpost {
namespace {

// Plugins are opened in the background a moment after the start, so that the first answer does not wait for
// them.
constexpr Millis kVerifyAfter{1000};

// Buffers from this size on are given back to the system at once. glibc would raise the bound to 32 MiB after
// the first large body, and keep what a few such calls had used for as long as the host lives.
constexpr int kGivenBackBytes = 1 << 20;

}  // namespace

int run_serve(const HostOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  mallopt(M_MMAP_THRESHOLD, kGivenBackBytes);
  mallopt(M_TRIM_THRESHOLD, kGivenBackBytes);
  // Before any thread is there: one that did not block these would take them, and end the process with them.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  const auto host = set_up_host(options);
  if (!host) return 2;
  const UniqueFd signals(signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
  McpServer server(host->loop, *host->runtime, STDIN_FILENO, STDOUT_FILENO);
  const auto watch = host->loop.watch(signals.get(), EventLoop::Interest::read, [&](EventLoop::Interest) {
    signalfd_siginfo info;
    if (read(signals.get(), &info, sizeof info) > 0) server.shut_down();
  });
  host->loop.after(kVerifyAfter, [&] { host->runtime->verify_plugins(); });
  host->loop.run();
  return 0;
}

}  // namespace toolpost
