#pragma once
// The wire between host and worker: packets of frames on a SOCK_SEQPACKET pair. Payloads up to kInlineMax
// travel inside the packet, larger ones as sealed memfds that the reader copies before anything looks inside.
// Described for people in docs/worker-protocol.md.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace toolpost {

enum class FrameType : std::uint16_t {
  load = 1,          // host: configuration of the plugin, JSON
  turn = 2,          // host: a TurnInput; `number` is the turn's place in this worker, from 1
  sandboxed = 16,    // worker, before the plugin is opened: the level reached, one byte
  ready = 17,        // worker: create() succeeded
  load_failed = 18,  // worker: why, for people
  turn_done = 19,    // worker: a TurnOutput; `number` as in `turn`
};

struct FrameHeader {
  std::uint32_t magic = 0;
  std::uint16_t type = 0;
  std::uint16_t flags = 0;  // kFlagMemfd or 0
  std::uint32_t size = 0;   // of the payload, in bytes
  std::uint32_t reserved = 0;
  std::uint64_t number = 0;
};
static_assert(sizeof(FrameHeader) == 24);

constexpr std::uint32_t kFrameMagic = 0x31465054;  // "TPF1"
constexpr std::uint16_t kFlagMemfd = 1;
constexpr std::size_t kInlineMax = 64 << 10;   // payload of one frame inside a packet
constexpr std::size_t kPacketMax = 128 << 10;  // all frames of one packet; below the default socket buffer
constexpr std::size_t kPacketFdsMax = 8;

struct Frame {
  FrameType type{};
  std::uint64_t number = 0;
  std::string_view payload;  // borrowed from the FrameReader until its next read
};

enum class SendState { done, blocked, closed };

/// Collects frames and sends them in as few packets as possible. Threads: one.
class FrameWriter {
 public:
  /// Error: unavailable when a memfd cannot be made.
  Result<void> add(FrameType type, std::uint64_t number, std::string_view payload);
  /// Sends what the socket takes; what is left stays, in order.
  SendState flush(int socket);
  bool empty() const { return packets_.empty(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Packet {
    std::string bytes;
    std::vector<UniqueFd> fds;
  };
  std::deque<Packet> packets_;
  std::size_t bytes_ = 0;
};

enum class ReadState { packet, nothing, closed, malformed };

/// Reads one packet at a time. `payload_max` bounds every frame; anything out of form is `malformed`.
class FrameReader {
 public:
  explicit FrameReader(std::uint64_t payload_max);
  /// `wait`: as long as the socket's own mode says; otherwise `nothing` at once when nothing is there.
  ReadState read(int socket, bool wait = true);
  const std::vector<Frame>& frames() const { return frames_; }
  const std::string& problem() const { return problem_; }

 private:
  ReadState malformed(std::string why);
  bool take_memfd(const FrameHeader& header, std::vector<UniqueFd>& fds, std::size_t& next_fd);

  std::uint64_t payload_max_;
  std::vector<char> buffer_;
  std::deque<std::string> large_;  // payloads copied out of memfds
  std::vector<Frame> frames_;
  std::string problem_;
};

/// An anonymous file with this content that nobody can change any more. Error: unavailable.
Result<UniqueFd> sealed_memfd(std::string_view content);

}  // namespace toolpost
