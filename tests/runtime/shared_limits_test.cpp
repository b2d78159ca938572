// What hosts share about a provider, over the real file and its locks.
#include "runtime/shared_limits.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/event_loop.hpp"
#include "catch.hpp"
#include "telemetry/scratch_folder.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {

struct Machine {
  ScratchFolder folder;
  EventLoop loop;
  SystemRandom random;
  std::unique_ptr<SharedLimits> host(const std::string& provider = "glm") {
    auto opened = SharedLimits::open(loop, random, folder / "", provider, 25ms);
    REQUIRE(opened);
    return std::move(*opened);
  }
  std::string file() const { return folder / "limits/glm"; }
};

}  // namespace

TEST_CASE("shared limits: a place is taken once among all hosts, and comes back", "[runtime][sharing]") {
  Machine machine;
  const auto one = machine.host();
  const auto other = machine.host();
  CHECK(one->take_place(3));
  CHECK(other->take_place(3));
  CHECK(one->take_place(3));
  CHECK_FALSE(one->take_place(3));
  CHECK_FALSE(other->take_place(3));
  CHECK(other->places_taken(3) == 3);
  one->give_place();
  CHECK(one->places_taken(3) == 2);
  CHECK(other->take_place(3));
  CHECK(machine.host("kimi")->take_place(1));  // another provider has its own
}

TEST_CASE("shared limits: with ten thousand places each is taken once", "[runtime][sharing]") {
  Machine machine;
  const auto one = machine.host();
  const auto other = machine.host();
  for (int i = 0; i < 150; ++i) REQUIRE((one->take_place(300) && other->take_place(300)));
  CHECK_FALSE(one->take_place(300));
  CHECK(one->take_place(10'000));
}

TEST_CASE("shared limits: a host that is killed leaves no place taken", "[runtime][sharing]") {
  Machine machine;
  const auto here = machine.host();
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto there = SharedLimits::open(machine.loop, machine.random, machine.folder / "", "glm", 25ms);
    const bool taken = there && (*there)->take_place(2) && (*there)->take_place(2);
    (*there)->set_waiting(true);
    static_cast<void>(::write(ready[1], taken ? "y" : "n", 1));
    for (;;) ::pause();
  }
  char taken = 0;
  REQUIRE(::read(ready[0], &taken, 1) == 1);
  CHECK(taken == 'y');
  CHECK_FALSE(here->take_place(2));
  CHECK(here->others_wait());
  ::kill(child, SIGKILL);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK(here->take_place(2));
  CHECK(here->take_place(2));
  CHECK_FALSE(here->others_wait());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("shared limits: a host does not count among the others that wait", "[runtime][sharing]") {
  Machine machine;
  const auto one = machine.host();
  const auto other = machine.host();
  one->set_waiting(true);
  CHECK_FALSE(one->others_wait());
  CHECK(other->others_wait());
  one->set_waiting(false);
  CHECK_FALSE(other->others_wait());
}

TEST_CASE("shared limits: a place is looked for within half and one and a half store.shared_poll_ms",
          "[runtime][sharing]") {
  Machine machine;
  const auto one = machine.host();
  Duration least = 1h, most = 0s;
  for (int i = 0; i < 1000; ++i) {
    const Duration look = one->look_again_after();
    least = std::min(least, look);
    most = std::max(most, look);
  }
  CHECK(least >= 12ms);
  CHECK(least < 15ms);
  CHECK(most > 35ms);
  CHECK(most <= 38ms);
}

TEST_CASE("shared limits: pauses, concurrency and rests are known to all and survive them",
          "[runtime][sharing]") {
  Machine machine;
  {
    const auto one = machine.host();
    CHECK(one->pause_left() == 0s);
    CHECK_FALSE(one->concurrency());
    CHECK_FALSE(one->rest_of("m"));
    one->pause(60s);
    one->pause(1s);  // does not shorten it
    one->set_concurrency(3);
    one->set_rest("m", {30s, 2});
  }
  const auto other = machine.host();
  CHECK(other->pause_left() > 50s);
  CHECK(other->concurrency() == 3u);
  REQUIRE(other->rest_of("m"));
  CHECK(other->rest_of("m")->openings == 2);
  CHECK(other->rest_of("m")->left > 20s);
  CHECK_FALSE(other->rest_of("n"));
  other->set_rest("m", {0s, 0});
  CHECK(other->rest_of("m")->openings == 0);
}

TEST_CASE("shared limits: of more models than are remembered the one that rested longest ago goes",
          "[runtime][sharing]") {
  Machine machine;
  const auto one = machine.host();
  for (std::size_t i = 0; i < SharedLimits::kModelsMax; ++i)
    one->set_rest("m" + std::to_string(i), {i == 7 ? 1s : 60s, 1});
  one->set_rest("last", {60s, 1});
  CHECK(one->rest_of("last"));
  CHECK_FALSE(one->rest_of("m7"));
  CHECK(one->rest_of("m8"));
}

TEST_CASE("shared limits: a damaged file says nothing and is used again", "[runtime][sharing]") {
  Machine machine;
  {
    machine.host()->pause(60s);
  }
  std::filesystem::resize_file(machine.file(), 10);
  CHECK(machine.host()->pause_left() == 0s);
  std::ofstream(machine.file()) << std::string(5000, '\xff');
  const auto one = machine.host();
  CHECK(one->pause_left() == 0s);
  CHECK_FALSE(one->concurrency());
  CHECK_FALSE(one->rest_of("m"));
  one->set_rest("m", {30s, 1});
  one->pause(5s);
  CHECK(machine.host()->pause_left() > 1s);
  CHECK(machine.host()->take_place(1));
}

TEST_CASE("shared limits: a folder that cannot be written leaves each host with its own limits",
          "[runtime][sharing]") {
  Machine machine;
  std::ofstream(machine.folder / "limits") << "a file";
  const auto refused = SharedLimits::open(machine.loop, machine.random, machine.folder / "", "glm", 25ms);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("limits/glm cannot be used: Not a directory") != std::string::npos);
  CHECK(refused.error().message.find("hold for each host alone") != std::string::npos);
}

TEST_CASE("shared limits: only the host's user may read or write them", "[runtime][sharing]") {
  Machine machine;
  const auto one = machine.host();
  struct stat status{};
  REQUIRE(::stat(machine.file().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  REQUIRE(::stat((machine.folder / "limits").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
}
