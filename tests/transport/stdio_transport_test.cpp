#include "transport/stdio_transport.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "catch.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {

struct Pipe {
  Pipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    read_end = UniqueFd(ends[0]);
    write_end = UniqueFd(ends[1]);
  }
  UniqueFd read_end, write_end;
};

bool nonblocking(int fd) {
  return (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
}

void put(int fd, std::string_view text) {
  REQUIRE(::write(fd, text.data(), text.size()) == ssize_t(text.size()));
}

/// Everything that can be read now.
std::string drain(int fd) {
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  std::string all(1 << 20, '\0');
  std::size_t size = 0;
  for (;;) {
    const ssize_t count = ::read(fd, all.data() + size, all.size() - size);
    if (count <= 0) break;
    size += static_cast<std::size_t>(count);
    if (size == all.size()) all.resize(size * 2);
  }
  all.resize(size);
  return all;
}

struct World {
  Pipe in, out;
  EventLoop loop;
  std::vector<std::string> lines;
  int oversize = 0, closed = 0, ended = 0;
  std::size_t lost = 0;
  std::function<void(std::string_view)> answer = [](std::string_view) {};

  StdioEvents events() {
    return {[this](std::string_view line) {
              lines.emplace_back(line);
              answer(line);
            },
            [this] { ++oversize; },
            [this](std::size_t bytes) {
              ++ended;
              lost = bytes;
              loop.stop();
            },
            [this] {
              ++closed;
              loop.stop();
            }};
  }
  StdioConfig config(int in_fd) const { return {in_fd, out.write_end.get(), 100, 64 << 20}; }
  StdioConfig config() const { return config(in.read_end.get()); }
  void run() {
    loop.after(20s, [] { FAIL("the test hangs"); });
    loop.run();
  }
};

}  // namespace

TEST_CASE("stdio: lines come in, answers leave in one batch, the end is told with what was lost",
          "[transport]") {
  World world;
  StdioTransport transport(world.loop, world.config(), world.events());
  world.answer = [&](std::string_view line) { transport.out().append(line).append("!\n"); };
  put(world.in.write_end.get(), "a\r\n\nbb\n" + std::string(200, 'x') + "\nccc\nhalf");
  world.in.write_end.reset();
  world.run();
  CHECK(world.lines == std::vector<std::string>{"a", "bb", "ccc"});
  CHECK(world.oversize == 1);
  CHECK(world.ended == 1);
  CHECK(world.lost == 4);
  CHECK(world.closed == 0);
  CHECK(transport.unsent_bytes() == 0);
  CHECK(drain(world.out.read_end.get()) == "a!\nbb!\nccc!\n");
}

TEST_CASE("stdio: descriptors are non-blocking meanwhile and get their flags back", "[transport]") {
  World world;
  {
    StdioTransport transport(world.loop, world.config(), world.events());
    CHECK(nonblocking(world.in.read_end.get()));
    CHECK(nonblocking(world.out.write_end.get()));
  }
  CHECK_FALSE(nonblocking(world.in.read_end.get()));
  CHECK_FALSE(nonblocking(world.out.write_end.get()));
  world.loop.post([&] { world.loop.stop(); });
  world.loop.run();  // the hook that stays behind does nothing
}

TEST_CASE("stdio: a flag that was set before stays set", "[transport]") {
  World world;
  ::fcntl(world.in.read_end.get(), F_SETFL, O_NONBLOCK);
  {
    StdioTransport transport(world.loop, world.config(), world.events());
  }
  CHECK(nonblocking(world.in.read_end.get()));
}

TEST_CASE("stdio: a regular file is read to its end", "[transport]") {
  World world;
  char path[] = "/tmp/toolpost_stdio_XXXXXX";
  const UniqueFd file(::mkstemp(path));
  REQUIRE(file);
  ::unlink(path);
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i) + "\n";
  put(file.get(), text);
  REQUIRE(::lseek(file.get(), 0, SEEK_SET) == 0);
  std::size_t count = 0;
  StdioEvents events = world.events();
  events.line = [&](std::string_view line) {
    if (line != std::to_string(count)) FAIL("line " << count << " is " << line);
    ++count;
  };
  StdioTransport transport(world.loop, world.config(file.get()), events);
  world.run();
  CHECK(count == 100'000);
  CHECK(world.ended == 1);
}

TEST_CASE("stdio: an empty device as both ends is an end of input", "[transport]") {
  World world;
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  StdioConfig config = world.config(null.get());
  config.out_fd = null.get();
  StdioTransport transport(world.loop, config, world.events());
  transport.out() = "nobody reads this\n";
  world.run();
  CHECK(world.ended == 1);
  CHECK(transport.unsent_bytes() == 0);
}

TEST_CASE("stdio: a reader that stalls pauses the input, and gets everything in order when it wakes",
          "[transport]") {
  World world;
  StdioConfig config = world.config();
  config.out_bytes_max = 1 << 20;
  StdioTransport transport(world.loop, config, world.events());
  std::string text, expected, seen;
  for (int i = 0; i < 1000; ++i) {
    text += std::to_string(i) + "\n";
    expected += std::to_string(i) + std::string(10'000, '.') + "\n";
  }
  put(world.in.write_end.get(), text + "half");
  world.in.write_end.reset();
  std::size_t unsent_most = 0;
  world.answer = [&](std::string_view line) {
    transport.out().append(line).append(10'000, '.').append("\n");
    unsent_most = std::max(unsent_most, transport.unsent_bytes());
  };
  int pauses = 0;
  world.loop.each_round([&] {
    if (!transport.input_paused()) return;
    ++pauses;
    seen += drain(world.out.read_end.get());
  });
  world.run();
  CHECK(pauses > 0);
  CHECK(unsent_most > config.out_bytes_max);
  CHECK(unsent_most < config.out_bytes_max + 20'000);
  CHECK(world.lines.size() == 1000);
  CHECK(world.ended == 1);
  CHECK(world.lost == 4);
  while (transport.unsent_bytes() > 0) {
    transport.flush();
    seen += drain(world.out.read_end.get());
  }
  seen += drain(world.out.read_end.get());
  CHECK(seen == expected);
}

TEST_CASE("stdio: a paused input stays paused as long as nobody reads", "[transport]") {
  World world;
  StdioConfig config = world.config();
  config.out_bytes_max = 100'000;
  StdioTransport transport(world.loop, config, world.events());
  world.answer = [&](std::string_view) { transport.out().append(200'000, 'x').append("\n"); };
  put(world.in.write_end.get(), "1\n2\n3\n");
  int rounds = 0;
  world.loop.each_round([&] {
    if (++rounds == 1) put(world.in.write_end.get(), "4\n");
    if (rounds < 20)
      world.loop.post([] {});
    else
      world.loop.stop();
  });
  world.run();
  CHECK(transport.input_paused());
  CHECK(world.lines == std::vector<std::string>{"1"});
}

TEST_CASE("stdio: a client that is gone is told once and what follows is dropped", "[transport]") {
  World world;
  StdioTransport transport(world.loop, world.config(), world.events());
  world.answer = [&](std::string_view line) { transport.out().append(line).append("\n"); };
  world.out.read_end.reset();
  put(world.in.write_end.get(), "a\nb\n");
  world.run();
  CHECK(world.closed == 1);
  transport.out() = "more\n";
  transport.flush();
  CHECK(transport.unsent_bytes() == 0);
  CHECK(world.closed == 1);
  CHECK(world.ended == 0);
}

TEST_CASE("stdio: a client that goes while the output is full is told as well", "[transport]") {
  World world;
  StdioTransport transport(world.loop, world.config(), world.events());
  transport.out().assign(1 << 20, 'x');
  world.loop.each_round([&] { world.out.read_end.reset(); });
  world.loop.post([] {});
  world.run();
  CHECK(world.closed == 1);
  CHECK(transport.unsent_bytes() == 0);
}
