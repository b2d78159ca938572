// Several hosts on one file, and hosts that are killed.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "base/unique_fd.hpp"
#include "store_world.hpp"

using namespace toolpost;

TEST_CASE("store shared: two hosts that extend one thread at once lose no turn", "[store]") {
  constexpr int kTurns = 500;
  StoreWorld world;
  world.settings.thread_turns_max = 2 * kTurns;
  REQUIRE(world.open());
  std::atomic<int> failed{0};
  const auto extend = [&](int host) {
    const auto store = world.open();
    for (int i = 0; i < kTurns; ++i) {
      if (!store->commit(turn("{\"n\":" + std::to_string(host * kTurns + i) + "}",
                              "{\"h\":" + std::to_string(host) + "}")))
        ++failed;
    }
  };
  std::thread one(extend, 0);
  std::thread other(extend, 1);
  one.join();
  other.join();
  CHECK(failed == 0);
  const std::string thread = *world.open()->read_thread("ann", kThread, kNow);
  CHECK(count_turns(thread) == 2 * kTurns);
  std::size_t before[2] = {0, 0};
  for (int i = 0; i < 2 * kTurns; ++i) {  // each host's turns in its own order
    const std::size_t at = thread.find("{\"n\":" + std::to_string(i) + "}");
    REQUIRE(at != std::string::npos);
    REQUIRE(at >= before[i / kTurns]);
    before[i / kTurns] = at;
  }
  CHECK_FALSE(world.open()->commit(turn("{\"n\":1}")));  // the limit counts both hosts' turns
}

TEST_CASE("store shared: hosts that start at the same moment all find their tables", "[store]") {
  for (int round = 0; round < 10; ++round) {
    const StoreWorld world;
    std::atomic<int> opened{0};
    std::vector<std::thread> hosts;
    for (int i = 0; i < 6; ++i) {
      hosts.emplace_back([&, i] {
        auto store = SqliteStore::open(world.file, world.settings);
        if (store && (*store)->commit(turn("{\"n\":1}", "", kNow, "ann", "t" + std::to_string(i)))) ++opened;
      });
    }
    for (std::thread& host : hosts) host.join();
    REQUIRE(opened == 6);
    REQUIRE(std::distance(std::filesystem::directory_iterator(world.folder), {}) <= 3);
  }
}

TEST_CASE("store shared: one store may be used by several threads", "[store]") {
  const StoreWorld world;
  const auto store = world.open();
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const std::string id = "t" + std::to_string(i);
      for (int n = 0; n < 40; ++n) {
        if (!store->commit(turn("{\"n\":1}", "", kNow, "ann", id)) || !store->read_thread("ann", id, kNow))
          ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
}

TEST_CASE("store shared: every commit that was acknowledged survives kill -9", "[store]") {
  StoreWorld world;
  world.settings.thread_turns_max = 10'000;
  for (const int killed_after : {1, 7, 150}) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const UniqueFd acknowledged(ends[0]);
    UniqueFd acknowledge(ends[1]);
    const std::string id = "t" + std::to_string(killed_after);
    const pid_t host = fork();
    if (host == 0) {
      const auto store = SqliteStore::open(world.file, world.settings);
      for (int i = 0; store && i < 10'000; ++i) {
        const char byte = 'x';
        const auto stored = (*store)->commit({"ann",
                                              kNow,
                                              {{id, "chat", "{\"n\":" + std::to_string(i) + "}", "1"}},
                                              {{"notes", id, std::to_string(i)}}});
        if (!stored || write(acknowledge.get(), &byte, 1) != 1) break;
      }
      _exit(0);
    }
    acknowledge.reset();
    std::size_t count = 0;
    char bytes[64];
    while (count < static_cast<std::size_t>(killed_after)) {
      const ssize_t got = read(acknowledged.get(), bytes, 1);
      REQUIRE(got == 1);
      ++count;
    }
    kill(host, SIGKILL);
    int status = 0;
    REQUIRE(waitpid(host, &status, 0) == host);
    CHECK(WIFSIGNALED(status));
    while (const ssize_t got = read(acknowledged.get(), bytes, sizeof bytes)) {
      REQUIRE(got > 0);
      count += static_cast<std::size_t>(got);
    }
    const auto store = world.open();
    const std::string thread = *store->read_thread("ann", id, kNow);
    const std::size_t stored = count_turns(thread);
    CHECK(stored >= count);
    CHECK(stored <= count + 1);  // one may have been committed but not acknowledged yet
    CHECK(*store->get_value("ann", "notes", id) ==
          std::to_string(stored - 1));  // the whole batch or nothing of it
  }
}
