#include "effect/http/event_framer.hpp"

namespace toolpost {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

}  // namespace

Result<void> EventFramer::too_much(std::string_view what, std::size_t limit) {
  failed_ = true;
  return Error{Errc::exhausted,
               "the stream has " + std::string(what) + ", more than the limit of " + std::to_string(limit)};
}

/// Drops a byte order mark at the very start. Its bytes may come one by one, so a broken one is put back.
void EventFramer::skip_mark(std::string_view& bytes) {
  while (mark_ < 3 && !bytes.empty()) {
    if (bytes[0] != byte_order_mark[mark_]) {
      line_.append(byte_order_mark.substr(0, mark_));
      mark_ = 3;
      return;
    }
    bytes.remove_prefix(1);
    ++mark_;
  }
}

Result<void> EventFramer::feed(std::string_view bytes, std::vector<StreamEvent>& out) {
  if (failed_ || bytes.size() > limits_.total_bytes_max - total_bytes_) {
    return too_much("too many bytes", limits_.total_bytes_max);
  }
  total_bytes_ += bytes.size();
  skip_mark(bytes);
  // A lone CR ends a line of SSE, but is only white space in NDJSON.
  const std::string_view ends =
      format_ == StreamFormat::sse ? std::string_view("\r\n") : std::string_view("\n");
  while (!bytes.empty()) {
    if (after_cr_) {
      after_cr_ = false;
      if (bytes[0] == '\n') {
        bytes.remove_prefix(1);
        continue;
      }
    }
    const std::size_t end = bytes.find_first_of(ends);
    const std::string_view part = bytes.substr(0, end);
    if (event_bytes_ + line_.size() + part.size() > limits_.event_bytes_max) {  // each is far below 2^63
      return too_much("an event of too many bytes", limits_.event_bytes_max);
    }
    line_.append(part);
    if (end == std::string_view::npos) break;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (auto taken = take_line(out); !taken) return taken;
  }
  return {};
}

Result<void> EventFramer::finish(std::vector<StreamEvent>& out) {
  if (failed_) return too_much("too many bytes", limits_.total_bytes_max);
  if (mark_ < 3) line_.append(byte_order_mark.substr(0, mark_));  // the whole stream was a piece of one
  mark_ = 3;
  if (format_ == StreamFormat::ndjson) return take_line(out);
  return {};
}

Result<void> EventFramer::take_line(std::vector<StreamEvent>& out) {
  std::string line;
  line.swap(line_);
  if (format_ == StreamFormat::ndjson) {
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos) return {};
    line.erase(line.find_last_not_of(" \t\r") + 1);
    line.erase(0, first);
    return emit({{}, std::move(line)}, out);
  }
  if (!line.empty()) {
    field(line);
    return {};
  }
  StreamEvent done;
  std::swap(done, event_);
  event_bytes_ = 0;
  if (done.data.empty()) return {};  // nothing but a type: not an event
  done.data.pop_back();              // the last '\n'
  return emit(std::move(done), out);
}

/// One line of an event. Comments, id, retry and unknown fields change nothing here: the host never
/// reconnects.
void EventFramer::field(std::string_view line) {
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "data") {
    event_.data.append(value) += '\n';
    event_bytes_ += line.size();
  } else if (name == "event") {
    event_.event = value;
    event_bytes_ += line.size();
  }
}

Result<void> EventFramer::emit(StreamEvent event, std::vector<StreamEvent>& out) {
  if (events_ == limits_.events_max) return too_much("too many events", limits_.events_max);
  ++events_;
  out.push_back(std::move(event));
  return {};
}

}  // namespace toolpost
