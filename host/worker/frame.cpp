#include "worker/frame.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "base/write_all.hpp"

namespace toolpost {
namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;

union FdBuffer {
  char bytes[CMSG_SPACE(sizeof(int) * kPacketFdsMax)];
  cmsghdr align;
};

std::vector<UniqueFd> received_fds(msghdr& message) {
  std::vector<UniqueFd> fds;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      fds.emplace_back(fd);
    }
  }
  return fds;
}

}  // namespace

Result<UniqueFd> sealed_memfd(std::string_view content) {
  UniqueFd fd(memfd_create("toolpost-payload", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const auto failed = [](const char* what) {
    return Error{Errc::unavailable,
                 std::string("passing a large payload: ") + what + ": " + std::strerror(errno)};
  };
  if (!fd) return failed("memfd_create");
  if (!write_all(fd.get(), content)) return failed("write");
  if (fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) return failed("seal");
  return fd;
}

Result<void> FrameWriter::add(FrameType type, std::uint64_t number, std::string_view payload) {
  const bool large = payload.size() > kInlineMax;
  const std::size_t inside = sizeof(FrameHeader) + (large ? 0 : payload.size());
  UniqueFd fd;
  if (large) {
    auto memfd = sealed_memfd(payload);
    if (!memfd) return memfd.error();
    fd = std::move(*memfd);
  }
  if (packets_.empty() || packets_.back().bytes.size() + inside > kPacketMax ||
      (large && packets_.back().fds.size() == kPacketFdsMax)) {
    packets_.emplace_back();
  }
  const FrameHeader header{kFrameMagic,
                           static_cast<std::uint16_t>(type),
                           large ? kFlagMemfd : std::uint16_t{0},
                           static_cast<std::uint32_t>(payload.size()),
                           0,
                           number};
  Packet& packet = packets_.back();
  packet.bytes.append(reinterpret_cast<const char*>(&header), sizeof header);
  if (large) {
    packet.fds.push_back(std::move(fd));
  } else {
    packet.bytes.append(payload);
  }
  bytes_ += inside;
  return {};
}

SendState FrameWriter::flush(int socket) {
  while (!packets_.empty()) {
    Packet& packet = packets_.front();
    iovec data{packet.bytes.data(), packet.bytes.size()};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    FdBuffer control{};
    if (!packet.fds.empty()) {
      message.msg_control = control.bytes;
      message.msg_controllen = CMSG_SPACE(sizeof(int) * packet.fds.size());
      cmsghdr* part = CMSG_FIRSTHDR(&message);
      part->cmsg_level = SOL_SOCKET;
      part->cmsg_type = SCM_RIGHTS;
      part->cmsg_len = CMSG_LEN(sizeof(int) * packet.fds.size());
      for (std::size_t i = 0; i < packet.fds.size(); ++i) {
        const int fd = packet.fds[i].get();
        std::memcpy(CMSG_DATA(part) + i * sizeof(int), &fd, sizeof fd);
      }
    }
    if (::sendmsg(socket, &message, MSG_NOSIGNAL) < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == ENOBUFS) return SendState::blocked;
      return SendState::closed;
    }
    bytes_ -= packet.bytes.size();
    packets_.pop_front();
  }
  return SendState::done;
}

FrameReader::FrameReader(std::uint64_t payload_max) : payload_max_(payload_max), buffer_(kPacketMax) {}

ReadState FrameReader::malformed(std::string why) {
  frames_.clear();
  problem_ = std::move(why);
  return ReadState::malformed;
}

bool FrameReader::take_memfd(const FrameHeader& header, std::vector<UniqueFd>& fds, std::size_t& next_fd) {
  if (next_fd >= fds.size()) return false;
  const int fd = fds[next_fd++].get();
  struct stat status{};
  if (fcntl(fd, F_GET_SEALS) < 0 || (fcntl(fd, F_GET_SEALS) & kSeals) != kSeals || fstat(fd, &status) != 0 ||
      status.st_size != static_cast<off_t>(header.size)) {
    return false;
  }
  std::string content(header.size, '\0');
  for (std::size_t at = 0; at < content.size();) {
    const ssize_t got = ::pread(fd, content.data() + at, content.size() - at, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += static_cast<std::size_t>(got);
  }
  large_.push_back(std::move(content));
  return true;
}

ReadState FrameReader::read(int socket, bool wait) {
  frames_.clear();
  large_.clear();
  iovec data{buffer_.data(), buffer_.size()};
  FdBuffer control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  ssize_t got;
  do {
    got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
  } while (got < 0 && errno == EINTR);
  if (got < 0) return errno == EAGAIN ? ReadState::nothing : ReadState::closed;
  std::vector<UniqueFd> fds = received_fds(message);
  if (got == 0) return ReadState::closed;
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    return malformed("a packet above the size or fd bound");

  std::string_view rest(buffer_.data(), static_cast<std::size_t>(got));
  std::size_t next_fd = 0;
  while (!rest.empty()) {
    FrameHeader header;
    if (rest.size() < sizeof header) return malformed("half a frame header");
    std::memcpy(&header, rest.data(), sizeof header);
    rest.remove_prefix(sizeof header);
    if (header.magic != kFrameMagic || header.reserved != 0 || header.flags > kFlagMemfd) {
      return malformed("a header that is none");
    }
    if (header.size > payload_max_)
      return malformed("a payload of " + std::to_string(header.size) + " bytes");
    Frame frame{static_cast<FrameType>(header.type), header.number, {}};
    if (header.flags == kFlagMemfd) {
      if (!take_memfd(header, fds, next_fd))
        return malformed("a payload file that is missing, unsealed or of another size");
      frame.payload = large_.back();
    } else {
      if (header.size > rest.size()) return malformed("a payload longer than its packet");
      frame.payload = rest.substr(0, header.size);
      rest.remove_prefix(header.size);
    }
    frames_.push_back(frame);
  }
  if (next_fd != fds.size()) return malformed("more descriptors than frames that want one");
  return ReadState::packet;
}

}  // namespace toolpost
