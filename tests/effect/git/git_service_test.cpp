// How processes come and go: their time, their number, their end.
#include <fcntl.h>
#include <sys/wait.h>

#include "git_world.hpp"

using namespace toolpost;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

/// No child of this process is alive or waits to be reaped.
bool no_child_left() {
  return waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD;
}

/// A repository that takes for ever to read: libgit2 waits for a writer.
void make_endless(const GitWorld& world) {
  world.init();
  world.remove("allowed/repo/.git/index");
  world.fifo("allowed/repo/.git/index");
}

}  // namespace

TEST_CASE("git service: a process is ended at git.time_max, and the caller told first", "[effect][git]") {
  GitWorld world;
  make_endless(world);
  world.settings.git.time_max = 300ms;
  const Error late = world.refusal("git.changes", {{"path", world.repo}});
  CHECK(late.code == Errc::deadline);
  CHECK(late.message.find("git.time_max_ms = 300") != std::string::npos);
  world.settle();
  CHECK(no_child_left());
}

TEST_CASE("git service: a process that ends in time is not touched by the bound", "[effect][git]") {
  GitWorld world;
  world.init();
  CHECK(world.changes()["branch"] == "main");
  world.settle();
  CHECK(no_child_left());
}

TEST_CASE("git service: cancelling ends the process, or takes the request out of the queue",
          "[effect][git]") {
  GitWorld world;
  make_endless(world);
  world.settings.git.processes_max = 1;
  world.settings.git.time_max = 60s;
  GitService& service = world.start_service();
  const std::string request = json{{"path", world.repo}}.dump();
  int answered = 0;
  const auto count = [&](Result<std::string>) { ++answered; };
  const GitRequestId running = service.start("git.changes", request, count);
  const GitRequestId waiting = service.start("git.changes", request, count);
  CHECK(service.unfinished() == 2);
  service.cancel(waiting);
  CHECK(service.unfinished() == 1);
  service.cancel(running);
  service.cancel(running);
  if (service.unfinished() > 0) world.settle();
  CHECK(answered == 0);
  CHECK(no_child_left());
}

TEST_CASE("git service: cancelling while the process runs ends it", "[effect][git]") {
  GitWorld world;
  make_endless(world);
  world.settings.git.time_max = 60s;
  GitService& service = world.start_service();
  int answered = 0;
  const GitRequestId id = service.start("git.changes", json{{"path", world.repo}}.dump(),
                                        [&](Result<std::string>) { ++answered; });
  // A FIFO can be opened for writing, without waiting, only once somebody has it open for reading.
  const std::string fifo = world.repo + "/.git/index";
  TimerId again;
  bool reading = false;
  std::function<void()> look = [&] {
    const UniqueFd writer(open(fifo.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    reading = static_cast<bool>(writer);
    if (reading) {
      service.cancel(id);
      return world.loop.stop();
    }
    again = world.loop.after(2ms, look);
  };
  look();
  world.run_until([&] { return reading; });
  world.settle();
  CHECK(answered == 0);
  CHECK(no_child_left());
}

TEST_CASE("git service: destroying it ends every process", "[effect][git]") {
  GitWorld world;
  make_endless(world);
  world.settings.git.time_max = 60s;
  GitService& service = world.start_service();
  for (int i = 0; i < 5; ++i)
    service.start("git.changes", json{{"path", world.repo}}.dump(), [](const auto&) {});
  world.loop.after(50ms, [&] { world.loop.stop(); });
  world.loop.run();
  world.service.reset();
  CHECK(no_child_left());
}

TEST_CASE("git service: git.processes_max run at once, and an endless one keeps no other waiting",
          "[effect][git]") {
  GitWorld world;
  make_endless(world);
  world.shell(world.root, "git init -q -b main fine");
  world.settings.git.processes_max = 2;
  world.settings.git.time_max = 60s;
  GitService& service = world.start_service();
  const GitRequestId endless =
      service.start("git.changes", json{{"path", world.repo}}.dump(), [](const auto&) {});
  for (int i = 0; i < 5; ++i) CHECK(world.changes({{"path", world.root + "/fine"}})["branch"] == "main");
  service.cancel(endless);
  world.settle();
}

TEST_CASE("git service: the queue has an end", "[effect][git]") {
  GitWorld world;
  world.settings.git.processes_max = 1;
  world.settings.git.queue_size_max = 8;
  GitService& service = world.start_service();
  int refused = 0;
  int done = 0;
  const auto count = [&](const Result<std::string>& result) {
    ++done;
    if (!result && result.error().code == Errc::exhausted) {
      ++refused;
      CHECK(result.error().message.find("git.queue_size_max = 8") != std::string::npos);
    }
    if (done == 9) world.loop.stop();
  };
  const std::string request = json{{"path", world.root}}.dump();
  for (std::size_t i = 0; i < 9; ++i) service.start("git.repositories", request, count);
  world.run_until([&] { return done == 9; });
  CHECK(refused == 1);
}

TEST_CASE("git service: a missing program says which", "[effect][git]") {
  GitWorld world;
  world.init();
  world.program = world.top + "/no-such-program";
  const Error missing = world.refusal("git.changes", {{"path", world.repo}});
  CHECK(missing.code == Errc::unavailable);
  CHECK(missing.message.find("no-such-program") != std::string::npos);
}

TEST_CASE("git service: what a program says is checked, as it may have been taken over", "[effect][git]") {
  GitWorld world;
  world.init();
  const auto says = [&](const std::string& script) {
    world.write("liar.sh", "#!/bin/sh\n" + script + "\n");
    world.shell(world.top, "chmod +x liar.sh");
    world.program = world.top + "/liar.sh";
    world.start_service();
    return world.refusal("git.changes", {{"path", world.repo}});
  };
  CHECK(says("echo nonsense").code == Errc::unavailable);
  CHECK(says("kill -9 $$").message.find("signal 9 (Killed)") != std::string::npos);
  CHECK(says("echo \"{\"; exit 0").code == Errc::unavailable);
  CHECK(says("echo \"{\\\"result\\\":{}}\"; exit 1").message.find("exit status 1") != std::string::npos);
  CHECK(says("echo \"{\\\"result\\\":3}\"").code == Errc::internal);
  CHECK(says("echo \"{\\\"code\\\":\\\"shed\\\",\\\"message\\\":\\\"x\\\"}\"").code == Errc::internal);
  CHECK(says("echo \"{\\\"code\\\":\\\"not_found\\\",\\\"message\\\":\\\"x\\\"}\"").code == Errc::not_found);
  // Without end: ended at the bound, not at the time limit.
  CHECK(
      says("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done").code ==
      Errc::exhausted);
  world.settle();
  CHECK(no_child_left());
}

TEST_CASE("git service: isolation.min_level is the least at which a repository is read", "[effect][git]") {
  GitWorld world;
  world.init();
  world.settings.isolation.level_max = 1;
  const Error refused = world.refusal("git.changes", {{"path", world.repo}});
  CHECK(refused.code == Errc::unsupported);
  CHECK(refused.message.find("isolation.min_level = 2") != std::string::npos);
  for (const std::uint32_t level : {0, 1, 2, 3, 4}) {
    world.settings.isolation.level_max = level;
    world.settings.isolation.min_level = std::min(level, 3u);
    world.start_service();
    CHECK(world.changes()["branch"] == "main");
  }
}

#ifndef TOOLPOST_TEST_SANITIZED
TEST_CASE("git service: git.memory_bytes_max bounds a process", "[effect][git]") {
  GitWorld world;
  world.init();
  // One line each, so that every one of them is kept in memory while the diff is made.
  world.shell(world.repo, "yes x | head -c 8000000 >lines");
  world.git("add lines");
  world.settings.git.memory_bytes_max = 128 << 20;
  const json small = world.changes();
  CAPTURE(small.dump().substr(0, 300));
  REQUIRE(small["omitted"].size() == 1);
  CHECK(small["omitted"][0]["why"].get<std::string>().find("git.memory_bytes_max") != std::string::npos);
  world.settings.git.memory_bytes_max = 4ull << 30;
  world.start_service();
  CHECK(world.changes()["omitted"][0]["why"].get<std::string>().find("does not fit") != std::string::npos);
}
#endif
