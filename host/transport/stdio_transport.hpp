#pragma once
// Lines in from one descriptor, lines out to another, batched once a round, never blocking the loop.

#include <functional>
#include <memory>
#include <string>

#include "base/event_loop.hpp"
#include "transport/line_splitter.hpp"

namespace toolpost {

class StdioTransport {
 public:
  struct Events {
    std::function<void(std::string_view line)> line;
    std::function<void()> oversize;
    std::function<void()> end_of_input;  // once
    std::function<void()> closed;        // the reader of our output has gone; once
  };

  /// Borrows both descriptors, makes them non-blocking and gives them back as they were.
  StdioTransport(EventLoop& loop, int in, int out, std::uint64_t line_bytes_max, Events events);
  ~StdioTransport();
  StdioTransport(const StdioTransport&) = delete;
  StdioTransport& operator=(const StdioTransport&) = delete;

  /// Whole lines to send; written at the end of the round.
  std::string& out() { return out_; }
  bool all_sent() const { return sent_ == out_.size(); }
  void flush();

 private:
  void read();
  void schedule_read();

  EventLoop& loop_;
  const int in_;
  const int out_fd_;
  int in_flags_ = 0;
  int out_flags_ = 0;
  Events events_;
  LineSplitter splitter_;
  std::string out_;
  std::size_t sent_ = 0;
  std::unique_ptr<EventLoop::Watch> in_watch_;
  std::unique_ptr<EventLoop::Watch> out_watch_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // outlived by tasks in the loop
  bool input_ended_ = false;
  bool output_closed_ = false;
  bool paused_ = false;
};

}  // namespace toolpost
