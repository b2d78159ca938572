#include "base/write_all.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <thread>

#include "base/unique_fd.hpp"
#include "catch.hpp"

using namespace toolpost;

TEST_CASE("write all: what a pipe takes piece by piece arrives whole", "[base]") {
  int pipes[2];
  REQUIRE(pipe2(pipes, O_CLOEXEC) == 0);
  UniqueFd out(pipes[1]);
  const UniqueFd in(pipes[0]);
  const std::string text(1 << 20, 'x');  // many times what a pipe holds
  std::string got;
  std::thread reader([&] {
    char buffer[4096];
    for (ssize_t size; (size = read(in.get(), buffer, sizeof buffer)) > 0;)
      got.append(buffer, static_cast<std::size_t>(size));
  });
  CHECK(write_all(out.get(), text));
  CHECK(write_all(out.get(), ""));
  out.reset();
  reader.join();
  CHECK(got == text);
}

TEST_CASE("write all: what cannot be written is false, and errno says why", "[base]") {
  const UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(full);
  CHECK_FALSE(write_all(full.get(), "x"));
  CHECK(errno == ENOSPC);
  CHECK_FALSE(write_all(-1, "x"));
  CHECK(errno == EBADF);
}
