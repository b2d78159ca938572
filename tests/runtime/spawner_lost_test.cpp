// The process that starts workers is killed or stopped at the worst moments; every call is answered.
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "runtime_world.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {

const std::vector<std::string> kPlugins = {"tests/plugins/faulty.so", "lib/toolpost/plugins/echo.so"};

Settings quick() {
  Settings settings;
  settings.workers.spawn_max = 300ms;  // on a busy machine a spawner may be taken for silent more than once
  settings.workers.spawner_backoff_max = 200ms;
  return settings;
}

/// Never to pid -1, which is everybody: between two spawners there is none.
void signal_spawner(RuntimeWorld& world, int signal) {
  if (world.spawner->pid() > 1) ::kill(world.spawner->pid(), signal);
}

/// Sends `signal` to the spawner at the first frame of `type`.
struct AtFrame {
  FrameType type;
  int signal;
  RuntimeWorld* world = nullptr;
  int times = 1;
  bool operator()(FrameType seen) {
    if (seen != type || times == 0) return false;
    --times;
    signal_spawner(*world, signal);
    return false;
  }
};

struct LossWorld {
  AtFrame at;
  RuntimeWorld world;
  LossWorld(Settings settings, FrameType type, int signal, int times = 1)
      : at{type, signal, nullptr, times},
        world(kPlugins, std::move(settings),
              [this](const std::string&, FrameType seen) { return at(seen); }) {
    at.world = &world;
  }
};

}  // namespace

TEST_CASE("spawner: killed or stopped before, while and after a plugin is loaded, the call is answered",
          "[runtime][spawner]") {
  for (const int signal : {SIGKILL, SIGSTOP}) {
    for (const FrameType type :
         {FrameType::sandboxed, FrameType::ready, FrameType::turn, FrameType::turn_done}) {
      CAPTURE(signal, static_cast<int>(type));
      LossWorld lossy(quick(), type, signal);
      CHECK(lossy.world.call("sleeps", R"({"ms":5})").code == Errc::ok);
      CHECK(lossy.world.call("echo", R"({"text":"later"})").code == Errc::ok);
      CHECK(lossy.world.spawner->replacements() >= 1);
    }
  }
}

TEST_CASE("spawner: a call that was computing when it was killed is run again, those waiting are not crashed",
          "[runtime][spawner]") {
  RuntimeWorld world(kPlugins, quick());
  REQUIRE(world.call("fine").code == Errc::ok);
  world.start("sleeps", R"({"ms":300})");
  world.start("spin");  // its turn has begun when the spawner dies, and again after that
  world.loop.after(100ms, [&] { signal_spawner(world, SIGKILL); });
  world.loop.after(1s, [&] { signal_spawner(world, SIGKILL); });
  world.settle();
  CHECK(world.outcomes.at("sleeps").code == Errc::ok);
  CAPTURE(world.outcomes.at("spin").message, world.outcomes.at("spin").turns, world.spawner->replacements());
  CHECK(world.outcomes.at("spin").code == Errc::crashed);  // twice is given up
  CHECK(world.outcomes.at("spin").turns == 2);
  CHECK(world.outcomes.at("spin").message.find("spawner") != std::string::npos);
  CHECK(world.call("fine").code == Errc::ok);
}

TEST_CASE("spawner: while it is stopped, a hung turn is still answered and its worker killed",
          "[runtime][spawner]") {
  Settings settings = quick();
  settings.turns.turn_max = 200ms;
  RuntimeWorld world(kPlugins, settings);
  REQUIRE(world.call("fine").code == Errc::ok);
  const int stopped = world.spawner->pid();
  ::kill(stopped, SIGSTOP);
  CHECK(world.call("spin").code == Errc::hung);
  CHECK(world.call("fine").code == Errc::ok);
  CHECK(world.spawner->replacements() >= 1);
  CHECK(::kill(stopped, 0) != 0);  // ended and reaped
}

TEST_CASE("spawner: killed again and again during a call, the call and those after it are answered",
          "[runtime][spawner]") {
  RuntimeWorld world(kPlugins, quick());
  REQUIRE(world.call("fine").code == Errc::ok);
  world.start("sleeps", R"({"ms":1500})");
  for (std::uint64_t loss = 1; loss <= 6; ++loss) {
    signal_spawner(world, SIGKILL);
    world.run_until_event("started anew");  // after pauses of 0, 100 and then 200 ms
    CHECK(world.spawner->replacements() >= loss);
  }
  world.settle();
  CHECK(world.outcomes.at("sleeps").code == Errc::ok);
  CHECK(world.call("fine").code == Errc::ok);
}

TEST_CASE("spawner: its workers end with it, at every level", "[runtime][spawner]") {
  for (const std::uint32_t level : {0u, 1u, 2u, 3u, 4u}) {
    Settings settings = quick();
    settings.isolation.level_max = level;
    settings.isolation.min_level = 0;
    RuntimeWorld world(kPlugins, settings);
    REQUIRE(world.call("fine").code == Errc::ok);
    const auto workers = children_of(world.spawner->pid());
    REQUIRE(workers.size() == 1);
    const UniqueFd worker(static_cast<int>(syscall(SYS_pidfd_open, workers[0], 0)));
    REQUIRE(worker);
    // Killed from here, so that only the kernel can end the worker.
    signal_spawner(world, SIGKILL);
    pollfd ended{worker.get(), POLLIN, 0};
    CAPTURE(level, world.runtime->isolation_level());
    CHECK(poll(&ended, 1, 5000) == 1);
    CHECK(world.call("fine").code == Errc::ok);
  }
}

TEST_CASE("spawner: a program that has gone answers clearly, and calls work once it is back",
          "[runtime][spawner]") {
  namespace fs = std::filesystem;
  const fs::path program = fs::temp_directory_path() / ("toolpost-worker-" + std::to_string(getpid()));
  fs::copy_file(TOOLPOST_BINARY_DIR "/libexec/toolpost/toolpost-worker", program);
  RuntimeWorld world(kPlugins, quick(), {}, program.string());
  REQUIRE(world.call("fine").code == Errc::ok);
  fs::rename(program, program.string() + ".gone");
  signal_spawner(world, SIGKILL);
  const CallOutcome& outcome = world.call("echo", R"({"text":"x"})");
  CHECK(outcome.code != Errc::ok);
  CHECK(outcome.message.find(program.string()) != std::string::npos);
  fs::rename(program.string() + ".gone", program);
  CHECK(world.call("fine").code == Errc::ok);
  fs::remove(program);
}
