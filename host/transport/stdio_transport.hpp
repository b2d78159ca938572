#pragma once
// One client on standard input and output: lines in, batched bytes out, on the event loop. Nothing else in
// the process may write to the output descriptor. Knows nothing of what the lines mean.

#include <fcntl.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/event_loop.hpp"
#include "transport/line_splitter.hpp"

namespace toolpost {

struct StdioConfig {
  int in_fd = 0;  // both are borrowed
  int out_fd = 1;
  std::size_t line_bytes_max = 4 << 20;  // limits.message_bytes_max
  std::size_t out_bytes_max = 64 << 20;  // unread output; beyond it no input is read until half has drained
};

/// All run on the loop and may append to out(); none may destroy the transport.
struct StdioEvents {
  std::function<void(std::string_view)> line;  // padded for simdjson; borrowed until it returns
  std::function<void()> oversize;              // in place of a line that passed line_bytes_max
  std::function<void(std::size_t)> eof;  // once, after the last line; bytes of a last line without newline
  std::function<void()> closed;          // once: nobody reads the output any more; what follows is dropped
};

/// Makes both descriptors non-blocking and gives them their flags back at the end; ignores SIGPIPE meanwhile.
/// Threads: the loop's.
class StdioTransport {
 public:
  StdioTransport(EventLoop& loop, const StdioConfig& config, StdioEvents events);
  ~StdioTransport();
  StdioTransport(const StdioTransport&) = delete;
  StdioTransport& operator=(const StdioTransport&) = delete;

  /// Append whole messages only. Written when the loop's round ends, in the order of each_round() hooks: what
  /// a hook that was added after this transport appends waits for the next round.
  std::string& out() { return out_; }
  /// Writes what the descriptor takes now, e.g. before the process ends.
  void flush();
  /// Bytes that the client has not taken yet.
  std::size_t unsent_bytes() const { return out_.size() - sent_; }
  bool input_paused() const { return paused_; }

 private:
  class FlagsGuard {  // gives the descriptor's status flags back
   public:
    explicit FlagsGuard(int fd) : fd_(fd), flags_(::fcntl(fd, F_GETFL)) {}
    ~FlagsGuard();
    void set_nonblocking() const;

   private:
    const int fd_;
    const int flags_;
  };
  class SigpipeGuard {  // a vanished client must be EPIPE, not the end of the process
   public:
    SigpipeGuard();
    ~SigpipeGuard();

   private:
    bool changed_ = false;
  };

  void read_round();
  void dispatch();
  void go_on_reading();
  void resume_if_drained();
  void wait_for_room();
  void forget_sent();
  void close_output();
  std::function<void()> while_alive(void (StdioTransport::*step)());

  EventLoop& loop_;
  const StdioConfig config_;
  const StdioEvents events_;
  const SigpipeGuard sigpipe_;
  const FlagsGuard in_flags_;
  const FlagsGuard out_flags_;

  LineSplitter splitter_;
  std::string out_;
  std::size_t sent_ = 0;  // of out_
  bool paused_ = false;   // too much unread output
  bool ended_ = false;    // read() said end of input
  bool blocked_ = false;  // the output is full; a watch or timer tells when to go on
  bool closed_ = false;
  bool resuming_ = false;                       // the task that ends a pause is posted
  std::unique_ptr<EventLoop::Watch> in_watch_;  // null: a regular file, read by posting
  std::unique_ptr<EventLoop::Watch> out_watch_;
  std::shared_ptr<bool> alive_;  // shared with posted tasks and the round's hook, which outlive us
};

}  // namespace toolpost
