#include "telemetry/stderr_sink.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

namespace toolpost {

void StderrSink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  if (line.size() > PIPE_BUF) {
    line.resize(PIPE_BUF);
    line[PIPE_BUF - 1] = '\n';
  }
  pollfd ready{fd_, POLLOUT, 0};
  const bool writable = ::poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0;
  ssize_t written = -1;
  if (writable) {
    do written = ::write(fd_, line.data(), line.size());
    while (written < 0 && errno == EINTR);
  }
  if (written != static_cast<ssize_t>(line.size())) lost_.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace toolpost
