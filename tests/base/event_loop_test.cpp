#include "base/event_loop.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <thread>

#include "base/unique_fd.hpp"
#include "catch.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

TEST_CASE("timer queue: fires in order of time, then of arming, and never a cancelled one", "[base]") {
  TimerQueue queue;
  std::string fired;
  const TimePoint start{};
  queue.add(start + 2ms, [&] { fired += 'c'; });
  queue.add(start + 1ms, [&] { fired += 'a'; });
  TimerId gone = queue.add(start + 1ms, [&] { fired += 'x'; });
  queue.add(start + 1ms, [&] { fired += 'b'; });
  queue.cancel(gone);
  CHECK_FALSE(gone);
  CHECK_FALSE(queue.take_due(start));
  while (auto task = queue.take_due(start + 2ms)) (*task)();
  CHECK(fired == "abc");
  CHECK(queue.size() == 0);
}

TEST_CASE("event loop: a pipe wakes its watch for as long as it is readable, then no more", "[base]") {
  EventLoop loop;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  std::string seen;
  auto watch = loop.watch(read_end.get(), EventLoop::Interest::read, [&](EventLoop::Interest) {
    char byte;
    if (::read(read_end.get(), &byte, 1) == 1) {
      seen += byte;
    } else {
      loop.stop();
    }
  });
  REQUIRE(watch);
  REQUIRE(::write(write_end.get(), "abc", 3) == 3);
  loop.after(1ms, [&] { write_end.reset(); });
  loop.run();
  CHECK(seen == "abc");
}

TEST_CASE("event loop: a watch may be destroyed inside its own callback", "[base]") {
  EventLoop loop;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  int calls = 0;
  std::unique_ptr<EventLoop::Watch> watch;
  watch = loop.watch(read_end.get(), EventLoop::Interest::read, [&](EventLoop::Interest) {
    ++calls;
    watch.reset();
    loop.post([&] { loop.stop(); });
  });
  REQUIRE(::write(write_end.get(), "abc", 3) == 3);
  loop.run();
  CHECK(calls == 1);
}

TEST_CASE("event loop: tasks posted from another thread run on the loop's", "[base]") {
  EventLoop loop;
  const auto loop_thread = std::this_thread::get_id();
  std::thread::id ran_on;
  std::thread other([&] {
    loop.post([&] {
      ran_on = std::this_thread::get_id();
      loop.stop();
    });
  });
  loop.run();
  other.join();
  CHECK(ran_on == loop_thread);
}

TEST_CASE("event loop: runs again after it was stopped", "[base]") {
  EventLoop loop;
  int runs = 0;
  for (int i = 0; i < 3; ++i) {
    loop.post([&] {
      ++runs;
      loop.stop();
    });
    loop.run();
  }
  CHECK(runs == 3);
}

TEST_CASE("event loop: a regular file cannot be watched, and says so", "[base]") {
  EventLoop loop;
  char name[] = "/tmp/toolpost_watch_XXXXXX";
  const UniqueFd file(mkstemp(name));
  unlink(name);
  CHECK_FALSE(loop.watch(file.get(), EventLoop::Interest::read, [](EventLoop::Interest) {}));
}

TEST_CASE("event loop: the round hook runs after the round's callbacks", "[base]") {
  EventLoop loop;
  std::string order;
  loop.each_round([&] { order += 'h'; });
  loop.post([&] {
    order += 't';
    loop.stop();
  });
  loop.run();
  CHECK(order == "hth");
}

TEST_CASE("event loop: what was asked for before it runs is carried out before it sleeps", "[base]") {
  EventLoop loop;
  bool flushed = false;
  loop.each_round([&] {
    if (std::exchange(flushed, true)) return;
    loop.post([&] { loop.stop(); });
  });
  loop.after(std::chrono::hours(1), [&] {
    FAIL("it slept first");
    loop.stop();
  });
  loop.run();
  CHECK(flushed);
}

TEST_CASE("event loop: tasks that a hook or a task posts run in later rounds, one by one", "[base]") {
  EventLoop loop;
  std::string order;
  int hooks = 0;
  loop.each_round([&] {
    order += 'h';
    if (++hooks == 2) loop.post([&] { loop.stop(); });
  });
  loop.post([&] {
    order += 'a';
    loop.post([&] { order += 'b'; });
  });
  loop.run();
  CHECK(order == "hahbh");
}

TEST_CASE("event loop: what is posted while it is stopped runs when it runs again", "[base]") {
  EventLoop loop;
  std::string order;
  loop.post([&] {
    order += 'a';
    loop.post([&] { order += 'b'; });
    loop.stop();
  });
  loop.run();
  loop.post([&] { loop.stop(); });
  loop.run();
  CHECK(order == "ab");
}
