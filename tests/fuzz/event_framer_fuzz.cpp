// Streams of a model server: the events do not depend on how the bytes are cut, and every limit holds.
#include "effect/http/event_framer.hpp"
#include "fuzz.hpp"

using namespace toolpost;

namespace {

constexpr FramerLimits kLimits{64, 4096, 16};

struct Framed {
  std::vector<StreamEvent> events;
  bool failed = false;
};

/// Cuts `bytes` into pieces of `step`; 0: not at all.
Framed frame(StreamFormat format, std::string_view bytes, std::size_t step) {
  Framed framed;
  EventFramer framer(format, kLimits);
  while (!bytes.empty() && !framed.failed) {
    const std::string_view piece = bytes.substr(0, step == 0 ? bytes.size() : step);
    bytes.remove_prefix(piece.size());
    framed.failed = !framer.feed(piece, framed.events).has_value();
  }
  const std::size_t before = framed.events.size();
  const bool finished = framer.finish(framed.events).has_value();
  if (framed.failed) hold(!finished && framed.events.size() == before, "an error is for ever");
  framed.failed = framed.failed || !finished;
  return framed;
}

void check_event(StreamFormat format, const StreamEvent& event) {
  hold(event.event.size() + event.data.size() <= kLimits.event_bytes_max, "an event keeps its bound");
  hold(event.event.find_first_of("\r\n") == std::string::npos, "a type is one line");
  if (format == StreamFormat::sse) {
    hold(event.data.find('\r') == std::string::npos, "line ends of data are line feeds");
  } else {
    hold(event.event.empty() && !event.data.empty(), "a line is not empty and has no type");
    hold(event.data.find('\n') == std::string::npos, "a line is one line");
    hold(std::string_view(" \t\r").find(event.data.front()) == std::string_view::npos, "a line is trimmed");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes = fuzz_text(data, size);
  const unsigned choice = take_choice(bytes);
  const StreamFormat format = choice % 2 == 0 ? StreamFormat::sse : StreamFormat::ndjson;
  const Framed whole = frame(format, bytes, 0);
  hold(whole.events.size() <= kLimits.events_max, "events are counted");
  for (const StreamEvent& event : whole.events) check_event(format, event);
  for (const std::size_t step : {std::size_t{1}, std::size_t{2 + choice / 2 % 32}}) {
    const Framed cut = frame(format, bytes, step);
    if (bytes.size() > kLimits.total_bytes_max) {
      hold(whole.failed && cut.failed, "the stream's size is bounded");
      continue;
    }
    hold(cut.failed == whole.failed && cut.events == whole.events, "cuts change nothing");
  }
  return 0;
}
