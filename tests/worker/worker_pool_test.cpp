#include "worker/worker_pool.hpp"

#include <filesystem>

#include "catch.hpp"
#include "plugin/plugin_catalog.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {

const std::string kBuild = TOOLPOST_BINARY_DIR;

struct Pool {
  EventLoop loop;
  std::unique_ptr<Spawner> spawner;
  WorkerSettings workers;
  IsolationSettings isolation;
  WorkerQuota quota{loop};
  std::map<TurnId, Result<TurnOutput>> done;
  int level = -1;
  std::vector<EndReason> killed;
  std::optional<WorkerPool> pool;  // last: it tells of its workers' end when it goes

  explicit Pool(const std::string& file, const WorkerSettings& with = {}) : workers(with) {
    auto started = Spawner::start(kBuild + "/libexec/toolpost/toolpost-worker");
    REQUIRE(started);
    spawner = std::move(*started);
    spawner->attach(loop, workers,
                    {[this](std::uint64_t worker, const std::string& why) {
                       pool->on_spawn_failed(worker & 0xffffffff, why);
                     },
                     [this](std::uint64_t worker, int status) { pool->on_died(worker & 0xffffffff, status); },
                     [](std::uint64_t) { FAIL("the spawner died"); },
                     {}});
    WorkerPool::Events events;
    events.turn_done = [this](TurnId turn, Result<TurnOutput> output) {
      done.emplace(turn, std::move(output));
      loop.stop();
    };
    events.ended = [this](EndReason reason) { killed.push_back(reason); };
    events.sandboxed = [this](int reached) { level = reached; };
    pool.emplace(loop, *spawner, 0, PoolPlugin{"test", file, "{}", 5s, 8 << 20, 256}, workers, isolation,
                 quota, events);
    loop.each_round([this] { pool->flush(); });
    loop.after(20s, [this] { loop.stop(); });
  }

  const Result<TurnOutput>& run(TurnId turn, std::string_view request) {
    TurnInput input;
    input.method = "echo";
    input.request = request;
    std::string bytes;
    encode(input, bytes);
    pool->submit(turn, 1, std::move(bytes));
    loop.run();
    REQUIRE(done.contains(turn));
    return done.at(turn);
  }
};

}  // namespace

TEST_CASE("worker: the C echo plugin answers from a sandboxed process", "[worker]") {
  Pool pool(kBuild + "/lib/toolpost/plugins/echo.so");
  const auto& output = pool.run(1, R"({"text":"hello"})");
  REQUIRE(output);
  REQUIRE(output->parts.size() == 1);
  CHECK(output->parts[0].bytes == R"({"text":"hello"})");
  CHECK(pool.level >= 2);
}

TEST_CASE("worker: a request of a megabyte comes back whole", "[worker]") {
  Pool pool(kBuild + "/lib/toolpost/plugins/echo.so");
  const std::string request = "{\"text\":\"" + std::string(1 << 20, 'x') + "\"}";
  const auto& output = pool.run(1, request);
  REQUIRE(output);
  CHECK(output->parts.at(0).bytes == request);
}

TEST_CASE("worker: one that grew past workers.memory_growth_bytes_max is replaced, and nobody notices",
          "[worker]") {
  const std::string request = "{\"text\":\"" + std::string(4 << 20, 'x') + "\"}";
  for (const std::uint64_t growth_max : {1u << 30, 1u << 20}) {
    WorkerSettings workers;
    workers.memory_growth_bytes_max = growth_max;
    workers.slow_turn = Millis(60'000);  // a busy machine must not retire it for another reason
    Pool pool(kBuild + "/lib/toolpost/plugins/echo.so", workers);
    REQUIRE(pool.run(1, "{}"));  // the worker looks at itself in every sixteenth turn
    for (TurnId turn = 2; turn <= 20; ++turn) REQUIRE(pool.run(turn, request));
    const auto retired = std::count(pool.killed.begin(), pool.killed.end(), EndReason::retired);
    CHECK(retired == (growth_max == 1u << 20 ? 1 : 0));
  }
}

TEST_CASE("worker: a file that is no plugin is refused in the loader's words", "[worker]") {
  Pool pool(kBuild + "/libexec/toolpost/toolpost-worker");
  const auto& output = pool.run(1, "{}");
  REQUIRE_FALSE(output);
  CHECK(output.error().code == Errc::incompatible);
}

TEST_CASE("catalog: the echo plugin is found, copied under its hash and read without running it",
          "[plugin]") {
  const std::string state = kBuild + "/catalog_test_state";
  std::filesystem::remove_all(state);
  const auto plugin = admit_plugin(kBuild + "/lib/toolpost/plugins/echo.so", PluginOrigin::bundled, state);
  REQUIRE(plugin);
  CHECK(plugin->manifest.id == "dev.toolpost.echo");
  CHECK(plugin->manifest.methods.at(0).name == "echo");
  CHECK(plugin->file == state + "/plugins/" + plugin->sha256 + "/plugin.so");
  CHECK(std::filesystem::file_size(plugin->file) == std::filesystem::file_size(plugin->source));
}
