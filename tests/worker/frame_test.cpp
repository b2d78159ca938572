#include "worker/frame.hpp"

#include <sys/mman.h>
#include <sys/socket.h>

#include <cstring>

#include "catch.hpp"

using namespace toolpost;

namespace {

struct Pair {
  Pair() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    left.reset(ends[0]);
    right.reset(ends[1]);
  }
  UniqueFd left;
  UniqueFd right;
};

FrameHeader header(std::uint32_t size, std::uint16_t flags = 0) {
  return {kFrameMagic, static_cast<std::uint16_t>(FrameType::turn), flags, size, 0, 1};
}

ReadState read_raw(std::string_view bytes, int fd = -1) {
  const Pair pair;
  iovec data{const_cast<char*>(bytes.data()), bytes.size()};
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    cmsghdr align;
  } control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(part), &fd, sizeof fd);
  }
  REQUIRE(sendmsg(pair.left.get(), &message, 0) >= 0);
  FrameReader reader(1 << 20);
  return reader.read(pair.right.get());
}

std::string bytes_of(const FrameHeader& record) {
  return {reinterpret_cast<const char*>(&record), sizeof record};
}

}  // namespace

TEST_CASE("frames: many small ones share a packet and come back in order", "[worker]") {
  const Pair pair;
  FrameWriter writer;
  for (std::uint64_t i = 1; i <= 50; ++i)
    REQUIRE(writer.add(FrameType::turn, i, "payload " + std::to_string(i)));
  REQUIRE(writer.flush(pair.left.get()) == SendState::done);
  FrameReader reader(1 << 20);
  REQUIRE(reader.read(pair.right.get()) == ReadState::packet);
  REQUIRE(reader.frames().size() == 50);
  CHECK(reader.frames()[49].payload == "payload 50");
  CHECK(reader.read(pair.right.get()) == ReadState::nothing);
}

TEST_CASE("frames: up to 64 KiB travel inside, one byte more as a sealed file", "[worker]") {
  const Pair pair;
  FrameWriter writer;
  const std::string small(kInlineMax, 'a');
  const std::string large(kInlineMax + 1, 'b');
  REQUIRE(writer.add(FrameType::turn, 1, small));
  REQUIRE(writer.add(FrameType::turn, 2, large));
  REQUIRE(writer.flush(pair.left.get()) == SendState::done);
  FrameReader reader(1 << 20);
  REQUIRE(reader.read(pair.right.get()) == ReadState::packet);
  REQUIRE(reader.frames().size() == 2);
  CHECK(reader.frames()[0].payload == small);
  CHECK(reader.frames()[1].payload == large);
}

TEST_CASE("frames: what is out of form is malformed, never read past its end", "[worker]") {
  CHECK(read_raw("short") == ReadState::malformed);
  CHECK(read_raw(std::string(24, 'x')) == ReadState::malformed);
  CHECK(read_raw(bytes_of(header(100)) + "only a few") == ReadState::malformed);
  CHECK(read_raw(bytes_of(header(2 << 20)) + "beyond the bound") == ReadState::malformed);
  CHECK(read_raw(bytes_of(header(4)) + "good" + "tail") == ReadState::malformed);
  CHECK(read_raw(bytes_of(header(4)) + "good") == ReadState::packet);
}

TEST_CASE("frames: a payload file must be there, be sealed, and have the size it claims", "[worker]") {
  const auto sealed = sealed_memfd("12345678");
  REQUIRE(sealed);
  const UniqueFd open_file(memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  REQUIRE(ftruncate(open_file.get(), 8) == 0);
  CHECK(read_raw(bytes_of(header(8, kFlagMemfd)), sealed->get()) == ReadState::packet);
  CHECK(read_raw(bytes_of(header(9, kFlagMemfd)), sealed->get()) == ReadState::malformed);
  CHECK(read_raw(bytes_of(header(8, kFlagMemfd)), open_file.get()) == ReadState::malformed);
  CHECK(read_raw(bytes_of(header(8, kFlagMemfd))) == ReadState::malformed);
  CHECK(read_raw(bytes_of(header(4)) + "good", sealed->get()) == ReadState::malformed);
}
