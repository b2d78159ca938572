#include "effect/http/event_framer.hpp"

#include "catch.hpp"

using namespace toolpost;

namespace {

using Events = std::vector<StreamEvent>;

Events frame(StreamFormat format, std::string_view bytes, std::size_t step) {
  EventFramer framer(format, {});
  Events events;
  for (std::size_t i = 0; i < bytes.size(); i += step) REQUIRE(framer.feed(bytes.substr(i, step), events));
  REQUIRE(framer.finish(events));
  return events;
}

void check_sse(std::string_view bytes, const Events& expected) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{3}, bytes.size() + 1}) {
    CAPTURE(bytes, step);
    CHECK(frame(StreamFormat::sse, bytes, step) == expected);
  }
}

}  // namespace

TEST_CASE("event framer: cuts server-sent events as the standard says, wherever the bytes are split",
          "[http]") {
  check_sse("data: a\n\n", {{"", "a"}});
  check_sse("data:a\r\rdata: b\r\r", {{"", "a"}, {"", "b"}});
  check_sse("data: a\r\n\r\ndata: b\r\n\r\n", {{"", "a"}, {"", "b"}});
  check_sse("data: a\ndata\ndata:  b\n\n", {{"", "a\n\n b"}});
  check_sse("event: ping\nid: 7\nretry: 10\ndata: {}\n\n", {{"ping", "{}"}});
  check_sse("event: a\nevent: b\ndata: x\n\ndata: y\n\n", {{"b", "x"}, {"", "y"}});
  check_sse("data: [DONE]\n\n", {{"", "[DONE]"}});
  check_sse("data\n\n", {{"", ""}});
  check_sse("data: \xc3\xa4\xf0\x9f\x98\x80\n\n", {{"", "\xc3\xa4\xf0\x9f\x98\x80"}});
}

TEST_CASE("event framer: comments, unknown fields, types without data and unfinished events are no events",
          "[http]") {
  check_sse(": ping\n\n:\n\n", {});
  check_sse("event: lonely\n\ndata: x\n\n", {{"", "x"}});
  check_sse("nonsense\nDATA: x\n data: y\n\n", {});
  check_sse("data: whole\n\ndata: half\n", {{"", "whole"}});
  check_sse("", {});
}

TEST_CASE("event framer: a byte order mark is dropped at the start and nowhere else", "[http]") {
  check_sse(
      "\xef\xbb\xbf"
      "data: a\n\n",
      {{"", "a"}});
  check_sse(
      "\xef\xbb"
      "data: a\n\ndata: b\n\n",
      {{"", "b"}});
  check_sse(
      "\n\xef\xbb\xbf"
      "data: a\n\n",
      {});
}

TEST_CASE("event framer: each line of NDJSON is an event, blank ones are not, the last needs no end",
          "[http]") {
  const std::string_view bytes =
      "\xef\xbb\xbf{\"a\":1}\r\n\n  \n{\"b\":\"\xc3\xa4\"}\n not json\r\n{\"c\":3}";
  for (const std::size_t step : {1, 2, 5, 100}) {
    CHECK(frame(StreamFormat::ndjson, bytes, step) ==
          Events{{"", "{\"a\":1}"}, {"", "{\"b\":\"\xc3\xa4\"}"}, {"", "not json"}, {"", "{\"c\":3}"}});
  }
}

TEST_CASE("event framer: an event may be as long as the limit and no longer", "[http]") {
  const FramerLimits limits{16, 1000, 10};
  for (const StreamFormat format : {StreamFormat::sse, StreamFormat::ndjson}) {
    Events events;
    EventFramer fits(format, limits);
    CHECK(fits.feed("data:" + std::string(11, 'x') + "\n\n", events));
    CHECK(events.size() == 1);
    EventFramer over(format, limits);
    const auto fed = over.feed("data:" + std::string(12, 'x'), events);
    REQUIRE_FALSE(fed);
    CHECK(fed.error().code == Errc::exhausted);
    CHECK_FALSE(over.feed("\n\n", events));
    CHECK_FALSE(over.finish(events));
  }
  Events events;
  EventFramer lines(StreamFormat::sse, limits);
  CHECK(lines.feed("data:12\n", events));
  CHECK(lines.feed("data:12\n", events));
  CHECK_FALSE(lines.feed("data:1\n", events));
}

TEST_CASE("event framer: total bytes and number of events are bounded, and what came before is kept",
          "[http]") {
  Events events;
  EventFramer total(StreamFormat::sse, {100, 16, 10});
  CHECK(total.feed("data: a\n\n", events));
  CHECK(total.feed(": comm\n", events));
  CHECK_FALSE(total.feed("x", events));
  CHECK(events == Events{{"", "a"}});
  events.clear();
  EventFramer count(StreamFormat::ndjson, {100, 100, 2});
  CHECK(count.feed("1\n2\n", events));
  CHECK_FALSE(count.feed("3\n", events));
  CHECK(events == Events{{"", "1"}, {"", "2"}});
}
