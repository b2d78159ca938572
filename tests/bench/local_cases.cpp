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
#include "worker/plugin_module.hpp"
#include "worker/turn_runner.hpp"
#include "worker/worker_pool.hpp"

namespace toolpost::bench {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

const std::string kBuild = TOOLPOST_BINARY_DIR;
constexpr auto kDuration = 700ms;

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

// Turns through one pool, `in_flight` at a time.
class PoolRun {
 public:
  PoolRun(std::size_t bytes, std::size_t in_flight) : in_flight_(in_flight) {
    TurnInput input;
    input.method = "echo";
    const std::string request = json_of(bytes);
    input.request = request;
    encode(input, input_);
    auto started = Spawner::start(kBuild + "/libexec/toolpost/toolpost-worker");
    if (!started) throw std::runtime_error(started.error().message);
    spawner_ = std::move(*started);
    spawner_->attach(
        loop_, workers_,
        {[this](std::uint64_t worker, const std::string& why) {
           pool_->on_spawn_failed(worker & 0xffffffff, why);
         },
         [this](std::uint64_t worker, int status) { pool_->on_died(worker & 0xffffffff, status); },
         [this](std::uint64_t) { loop_.stop(); },
         {}});
    WorkerPool::Events events;
    events.turn_done = [this](TurnId, Result<TurnOutput> output) { on_done(output.has_value()); };
    const PoolPlugin plugin{"bench", kBuild + "/lib/toolpost/plugins/echo.so", "{}", 5s, 8 << 20, 256};
    pool_.emplace(loop_, *spawner_, 0, plugin, workers_, isolation_, quota_, events);
    loop_.each_round([this] { pool_->flush(); });
  }

  double run() {
    submit();
    loop_.run();
    if (failed_) throw std::runtime_error("a turn failed");
    return ns_each(end_ - begin_, done_);
  }

 private:
  void submit() { pool_->submit(++turn_, 1, input_); }
  void on_done(bool well) {
    failed_ = (warm_ && failed_) || !well;
    end_ = Clock::now();
    if (!warm_) return on_first_done();
    ++done_;
    if (failed_ || end_ - begin_ > kDuration) return loop_.stop();
    submit();
  }
  // The first turn is not counted: it waited for the worker to start.
  void on_first_done() {
    warm_ = true;
    begin_ = end_;
    if (failed_) return loop_.stop();
    for (std::size_t i = 0; i < in_flight_; ++i) submit();
  }

  const std::size_t in_flight_;
  std::string input_;
  EventLoop loop_;
  std::unique_ptr<Spawner> spawner_;
  WorkerSettings workers_;
  IsolationSettings isolation_;
  WorkerQuota quota_{loop_};
  std::optional<WorkerPool> pool_;
  TurnId turn_ = 0;
  std::uint64_t done_ = 0;
  bool warm_ = false;
  bool failed_ = true;  // until a first turn ended well
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

double isolated_turn_ns(std::size_t bytes, Cores cores, std::size_t in_flight) {
  std::optional<Pin> pin;
  if (cores == Cores::one) pin.emplace();
  return PoolRun(bytes, in_flight).run();
}

}  // namespace toolpost::bench
