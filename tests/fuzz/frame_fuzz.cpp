// Packets of a lying worker: what FrameReader takes can be sent again and is the same; no descriptor is lost.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "fuzz.hpp"
#include "worker/frame.hpp"

using namespace toolpost;

namespace {

constexpr std::uint64_t kPayloadMax = 1 << 20;

struct SocketPair {
  SocketPair() {
    int ends[2] = {-1, -1};
    hold(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0, "sockets");
    left.reset(ends[0]);
    right.reset(ends[1]);
  }
  UniqueFd left, right;
};

int lowest_free_fd() {
  const UniqueFd probe(dup(STDIN_FILENO));
  return probe.get();
}

/// A sealed file, an unsealed one, or none at all, by the lowest bits of `choice`.
UniqueFd descriptor(unsigned choice, std::size_t bytes) {
  if (choice % 4 != 0) return sealed_memfd(std::string(bytes, 's')).value();
  UniqueFd fd(memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  hold(ftruncate(fd.get(), static_cast<off_t>(bytes)) == 0, "an open file");
  return fd;
}

bool send_packet(int socket, std::string_view bytes, const std::vector<UniqueFd>& fds) {
  iovec data{const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 16)] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    for (std::size_t i = 0; i < fds.size(); ++i) {
      const int fd = fds[i].get();
      std::memcpy(CMSG_DATA(part) + i * sizeof(int), &fd, sizeof fd);
    }
  }
  return sendmsg(socket, &message, MSG_NOSIGNAL) >= 0;
}

void check_same_again(const std::vector<Frame>& frames) {
  const SocketPair pair;
  FrameWriter writer;
  for (const Frame& frame : frames)
    hold(writer.add(frame.type, frame.number, frame.payload).has_value(), "a frame can be sent");
  FrameReader reader(kPayloadMax);
  std::size_t at = 0;
  while (at < frames.size()) {
    (void)writer.flush(pair.left.get());
    hold(reader.read(pair.right.get()) == ReadState::packet, "what was sent is read");
    for (const Frame& frame : reader.frames()) {
      hold(at < frames.size() && frame.type == frames[at].type && frame.number == frames[at].number &&
               frame.payload == frames[at].payload,
           "a frame comes back as it was");
      ++at;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static FrameReader reader(kPayloadMax);
  const int free_fd = lowest_free_fd();
  {
    const SocketPair pair;
    for (std::string_view rest = fuzz_text(data, size); !rest.empty();) {
      const unsigned choice = take_choice(rest);  // two low bits: kind; next four: how many descriptors
      std::string_view packet = take_until(rest, "\n--\n");
      std::vector<UniqueFd> fds;
      for (unsigned i = 0; i < (choice >> 2) % 16; ++i)
        fds.push_back(descriptor(choice, choice % 2 * 70'000 + 8));
      if (!send_packet(pair.left.get(), packet, fds)) break;
      const ReadState state = reader.read(pair.right.get());
      if (state == ReadState::malformed)
        hold(reader.frames().empty() && is_one_plain_line(reader.problem()),
             "a malformed packet has no frames");
      if (state == ReadState::packet) check_same_again(reader.frames());
      for (const Frame& frame : reader.frames())
        hold(frame.payload.size() <= kPayloadMax, "a payload keeps its bound");
    }
  }
  hold(lowest_free_fd() == free_fd, "no descriptor is left open");
  return 0;
}
