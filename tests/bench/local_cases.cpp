#include "local_cases.hpp"

#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>

#include "base/unique_fd.hpp"
#include "process_stat.hpp"
#include "runtime/runtime.hpp"
#include "scratch.hpp"
#include "worker/plugin_module.hpp"
#include "worker/turn_runner.hpp"

namespace toolpost::bench {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

const std::string kBuild = TOOLPOST_BINARY_DIR;
constexpr auto kDuration = 700ms;
constexpr auto kWarmUp = 100ms;  // in it the worker starts

double ns_each(Clock::duration took, std::uint64_t count) {
  return std::chrono::duration<double, std::nano>(took).count() / static_cast<double>(count);
}

std::string json_of(std::size_t bytes) {
  return R"({"text":")" + std::string(bytes - 11, 'x') + "\"}";
}

template <class Step>
double time_steps(std::uint64_t batch, Step step) {
  std::uint64_t count = 0;
  const auto begin = Clock::now();
  while (Clock::now() - begin < kDuration) {
    for (std::uint64_t i = 0; i < batch; ++i) step();
    count += batch;
  }
  return ns_each(Clock::now() - begin, count);
}

// Calls through the whole chain of a host without a client, `in_flight` at a time: sanitize, admission,
// journal, pool, worker and back.
class CallRun {
 public:
  CallRun(std::size_t bytes, std::size_t in_flight, const char* mode) : arguments_(json_of(bytes)) {
    auto started = Spawner::start(kBuild + "/libexec/toolpost/toolpost-worker");
    if (!started) throw std::runtime_error(started.error().message);
    spawner_ = std::move(*started);
    Settings settings;
    settings.isolation.mode = mode;
    settings.isolation.allow_unsafe = settings.isolation.mode == "in-process";
    settings.admission.calls_max = settings.admission.owner_calls_max = settings.admission.plugin_calls_max =
        static_cast<std::uint32_t>(in_flight);
    RuntimePlaces places;
    places.version = "bench";
    places.state_dir = scratch_.path();
    places.git_program = kBuild + "/libexec/toolpost/toolpost-git";
    places.plugin_folders = {{kBuild + "/lib/toolpost/plugins", PluginOrigin::bundled}};
    runtime_.emplace(loop_, *spawner_, std::move(settings), std::move(places));
    if (auto opened = runtime_->open(); !opened) throw std::runtime_error(opened.error().message);
    run_for(kWarmUp, in_flight);
  }

  double run(std::size_t in_flight) {
    run_for(kDuration, in_flight);
    return ns_each(end_ - begin_, done_);
  }

 private:
  void run_for(Clock::duration duration, std::size_t in_flight) {
    duration_ = duration;
    done_ = 0;
    begin_ = Clock::now();
    for (std::size_t i = 0; i < in_flight; ++i) call();
    loop_.post([] {});  // a round in which the first turns are sent
    loop_.run();
    if (!failure_.empty()) throw std::runtime_error("a call failed: " + failure_);
  }
  void call() {
    ToolRequest request;
    request.tool = "echo";
    request.arguments_json = arguments_;
    ++running_;
    runtime_->call_tool(request, [this](const CallOutcome& outcome, const Journal*) { on_done(outcome); },
                        {});
  }
  void on_done(const CallOutcome& outcome) {
    --running_;
    ++done_;
    if (outcome.code != Errc::ok) {
      failure_ = outcome.message;
    } else if (outcome.parts.empty() || outcome.parts[0].bytes.size() < arguments_.size()) {
      failure_ = "the answer is short";
    }
    end_ = Clock::now();
    if (failure_.empty() && end_ - begin_ < duration_) return call();
    if (running_ == 0) loop_.stop();
  }

  const std::string arguments_;
  const Scratch scratch_;
  EventLoop loop_;
  std::unique_ptr<Spawner> spawner_;
  std::optional<Runtime> runtime_;
  Clock::duration duration_{};
  std::uint64_t done_ = 0;
  std::size_t running_ = 0;
  std::string failure_;
  Clock::time_point begin_;
  Clock::time_point end_;
};

}  // namespace

double direct_call_ns(std::size_t bytes) {
  using Echo = std::uint64_t (*)(const char*, std::uint64_t, char*);
  void* const library = dlopen((kBuild + "/lib/toolpost_bench_direct.so").c_str(), RTLD_NOW);
  const auto echo = library ? reinterpret_cast<Echo>(dlsym(library, "bench_direct_echo")) : nullptr;
  if (!echo) throw std::runtime_error("toolpost_bench_direct.so is not built");
  const std::string in = json_of(bytes);
  std::string out(bytes, '\0');
  return time_steps(100'000, [&] { echo(in.data(), in.size(), out.data()); });
}

double in_process_turn_ns(std::size_t bytes) {
  auto module = PluginModule::load(kBuild + "/lib/toolpost/plugins/echo.so", "{}");
  if (!module) throw std::runtime_error(module.error().message);
  const std::string request = json_of(bytes);
  TurnInput input;
  input.method = "echo";
  input.request = request;
  const TurnRunnerLimits limits;
  std::size_t echoed = 0;
  const double ns = time_steps(1000, [&] {
    const TurnOutput output = run_turn((*module)->table(), (*module)->instance(), input, limits);
    echoed = output.parts.empty() ? 0 : output.parts[0].bytes.size();
  });
  if (echoed != bytes) throw std::runtime_error("the echo plugin did not echo");
  return ns;
}

double packet_ping_pong_ns(std::size_t bytes, Cores cores) {
  std::optional<Pin> pin;
  if (cores == Cores::one) pin.emplace();
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    throw std::runtime_error("no socketpair");
  std::string packet(bytes, 'x');
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    for (;;) {
      const ssize_t count = recv(ends[1], packet.data(), packet.size(), 0);
      if (count <= 0) _exit(0);
      send(ends[1], packet.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL);
    }
  }
  close(ends[1]);
  UniqueFd socket(ends[0]);
  const double ns = time_steps(100, [&] {
    send(socket.get(), packet.data(), packet.size(), MSG_NOSIGNAL);
    recv(socket.get(), packet.data(), packet.size(), 0);
  });
  socket.reset();
  waitpid(child, nullptr, 0);
  return ns;
}

double call_ns(std::size_t bytes, Cores cores, std::size_t in_flight, const char* mode) {
  std::optional<Pin> pin;
  if (cores == Cores::one) pin.emplace();
  return CallRun(bytes, in_flight, mode).run(in_flight);
}

}  // namespace toolpost::bench
