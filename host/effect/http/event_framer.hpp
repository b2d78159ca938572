#pragma once
// Cuts the bytes of a streamed answer into events: server-sent events (WHATWG HTML, section 9.2.6) or one
// JSON text per line. Incremental and bounded; bytes may be split anywhere, also inside a character.
// Malformed input is tolerated as the standard says; only size is an error. Not for reading what the events
// say.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace toolpost {

enum class StreamFormat : unsigned char { none, sse, ndjson };

struct StreamEvent {
  std::string event;  // SSE's type, "" meaning "message"; always "" for NDJSON
  std::string data;   // bytes as sent, lines joined by '\n'; not necessarily valid UTF-8

  bool operator==(const StreamEvent&) const = default;
};

struct FramerLimits {
  std::size_t event_bytes_max = 4 << 20;   // one event with its field names, or one line
  std::size_t total_bytes_max = 16 << 20;  // of everything fed
  std::size_t events_max = 200'000;        // small events cost more memory than their bytes
};

class EventFramer {
 public:
  EventFramer(StreamFormat format, const FramerLimits& limits) : limits_(limits), format_(format) {}

  /// Appends the events that `bytes` completes to `out`. After an error every later call fails alike, and the
  /// events before it stay in `out`. Errors: exhausted.
  Result<void> feed(std::string_view bytes, std::vector<StreamEvent>& out);

  /// The end of the stream: an NDJSON line without its line feed is an event, an unfinished SSE event is
  /// none. Errors: exhausted.
  Result<void> finish(std::vector<StreamEvent>& out);

 private:
  void skip_mark(std::string_view& bytes);
  Result<void> take_line(std::vector<StreamEvent>& out);
  void field(std::string_view line);
  Result<void> emit(StreamEvent event, std::vector<StreamEvent>& out);
  Result<void> too_much(std::string_view what, std::size_t limit);

  const FramerLimits limits_;
  const StreamFormat format_;

  std::string line_;             // the line so far
  StreamEvent event_;            // the SSE event so far; data ends in '\n' once there is any
  std::size_t event_bytes_ = 0;  // lines that went into it
  std::size_t total_bytes_ = 0;
  std::size_t events_ = 0;
  unsigned mark_ = 0;      // bytes of the byte order mark matched; 3: past the start
  bool after_cr_ = false;  // a '\n' right after '\r' belongs to it
  bool failed_ = false;
};

}  // namespace toolpost
