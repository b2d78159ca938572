#include <malloc.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "base/memory_reserve.hpp"
#include "cli/commands.hpp"
#include "cli/host_socket.hpp"
#include "cli/interruption.hpp"
#include "cli/live_host.hpp"
#include "cli/mcp_session.hpp"
#include "transport/stdio_transport.hpp"

namespace toolpost {
namespace {

// Plugins are opened in the background a moment after the start, so that the first answer does not wait for
// them.
constexpr Millis kVerifyAfter{1000};

// Buffers over the usual bound of a message are given back to the system at once, and the heap's free end
// when it outgrows a few of them. glibc would raise the first to 32 MiB after one large body, and keep what a
// few such calls had used for as long as the host lives; mapping each message anew costs a third of the time
// of a 1 MB call.
constexpr int kMappedBytes = 4 << 20;
constexpr int kFreeEndBytes = 16 << 20;
// What lies below that end is given back too, some time after the last message that needed so much.
constexpr std::size_t kLargeBytes = 256 << 10;
constexpr Millis kGiveBackAfter{1000};

/// The one client on our standard input and output.
class StdioSession {
 public:
  StdioSession(EventLoop& loop, LiveHost& host)
      : loop_(loop),
        transport_(loop_, {STDIN_FILENO, STDOUT_FILENO, host.settings().limits.message_bytes_max},
                   {[this](std::string_view line) { take(line); }, [this] { session_.on_oversize(); },
                    [this](std::size_t) { session_.shut_down(); }, [this] { loop_.stop(); }}),
        session_(loop_, host, 1, tools_list_json(host.runtime().plugins()), transport_.out(),
                 [this] { finish(); }) {
    host.on_reloaded = [this, &host] { session_.set_tools(tools_list_json(host.runtime().plugins())); };
  }

  ~StdioSession() { loop_.cancel(give_back_); }

  void shut_down() { session_.shut_down(); }

 private:
  void take(std::string_view line) {
    session_.on_line(line);
    if (line.size() < kLargeBytes) return;
    loop_.cancel(give_back_);
    give_back_ = loop_.after(kGiveBackAfter, [this] {
      give_back_ = {};
      malloc_trim(0);
    });
  }
  void finish() {
    transport_.flush();
    loop_.post([this] {
      transport_.flush();
      loop_.stop();
    });
  }

  EventLoop& loop_;
  StdioTransport transport_;
  McpSession session_;
  TimerId give_back_;
};

}  // namespace

int run_serve(HostOptions options) {
  options.purpose = HostPurpose::serve;
  std::signal(SIGPIPE, SIG_IGN);
  mallopt(M_MMAP_THRESHOLD, kMappedBytes);
  mallopt(M_TRIM_THRESHOLD, kFreeEndBytes);
  Interruption interruption({SIGTERM, SIGINT, SIGHUP});
  const auto host = set_up_host(options);
  if (!host) return 2;
  LiveHost live(*host, options);
  StdioSession session(host->loop, live);
  interruption.watch(host->loop, [&](int signal) {
    if (signal == SIGHUP) {
      live.reload();
    } else {
      session.shut_down();
    }
  });
  auto socket = HostSocket::open(host->loop, live.runtime().state_dir(), [&live] { return live.document(); });
  if (!socket) live.runtime().on_event(Level::warn, "no_status_socket", socket.error().message);
  live.runtime().on_event(Level::info, "started",
                          std::string(kVersion) + ", state in " + live.runtime().state_dir());
  live.runtime().resume_durable(1, {});  // their outcomes wait in the store
  host->loop.each_round([&live, told = false]() mutable {
    if (memory_is_short() && !std::exchange(told, true))
      live.runtime().on_event(Level::warn, "no_memory", "new calls are refused until there is some again");
    if (hold_memory_reserve()) told = false;
  });
  host->loop.after(kVerifyAfter, [&] { live.runtime().verify_plugins(); });
  host->loop.run();
  interruption.unwatch();
  return 0;
}

}  // namespace toolpost
