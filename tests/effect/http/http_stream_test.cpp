// How long an answer may take, and what is left of one that breaks.
#include "effect/http/http_client.hpp"
#include "http_world.hpp"

using namespace toolpost;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

/// Reads one request, sends `bytes`, then waits for the client to give up.
HttpServer::Script say(std::string bytes) {
  return [bytes](ServerConnection& connection) {
    connection.read_request();
    connection.send(bytes);
    connection.wait_closed();
  };
}

const std::string stream_header = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

Error error_of(const HttpOutcome& outcome) {
  REQUIRE_FALSE(outcome.result);
  return outcome.result.error();
}

}  // namespace

TEST_CASE("http stream: a body that stalls runs into stream_idle, one that trickles into the deadline",
          "[http]") {
  HttpServer stalls(say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123"));
  HttpWorld world;
  world.settings.stream_idle = 100ms;
  const Error stalled = error_of(world.run(world.get(stalls.url())));
  CHECK(stalled.code == Errc::deadline);
  CHECK_THAT(stalled.message, Contains("http.stream_idle_ms = 100"));

  HttpServer trickles([](ServerConnection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    while (connection.send("x") && !connection.wait_closed_for(20)) {
    }
  });
  HttpWorld other;
  other.settings.stream_idle = 1000ms;
  HttpCall call = other.get(trickles.url());
  call.deadline = Deadline(other.loop.now() + 300ms);
  const Error trickled = error_of(other.run(call));
  CHECK(trickled.code == Errc::deadline);
  CHECK(trickled.side_effect == SideEffect::maybe);
  CHECK_THAT(trickled.message, Contains("the call's deadline passed before the answer was complete"));
  CHECK(other.progress.size() > 2);
}

TEST_CASE("http stream: comments, pings and empty deltas do not keep a stream alive", "[http]") {
  HttpServer server([](ServerConnection& connection) {
    connection.read_request();
    connection.send(stream_header);
    while (connection.send(": ping\n\nevent: ping\ndata: {}\n\ndata: {\"d\": \"\"}\n\n") &&
           !connection.wait_closed_for(10)) {
    }
  });
  HttpWorld world;
  world.settings.stream_idle = 150ms;
  const Error error = error_of(world.run(world.sse(server.url(), "\"/d\"")));
  CHECK(error.code == Errc::deadline);
  CHECK_THAT(error.message, Contains("no content for http.stream_idle_ms = 150"));
  CHECK(world.progress.empty());
}

TEST_CASE("http stream: content keeps a stream alive past stream_idle", "[http]") {
  HttpServer server([](ServerConnection& connection) {
    connection.read_request();
    connection.send(stream_header);
    for (int i = 0; i < 12 && !connection.wait_closed_for(50); ++i)
      connection.send("data: {\"d\": \"x\"}\n\n");
  });
  HttpWorld world;
  world.settings.stream_idle = 400ms;
  const auto outcome = world.run(world.sse(server.url(), "\"/d\""));
  REQUIRE(outcome.result);
  CHECK_FALSE(outcome.result->broken_by);
  CHECK(outcome.result->events.size() == 12);
  CHECK(outcome.result->elapsed >= 550ms);
}

TEST_CASE("http stream: a stream that breaks after content gives what came, before content the error",
          "[http]") {
  const auto resets = [](const std::string& bytes) {
    return [bytes](ServerConnection& connection) {
      connection.read_request();
      connection.send(
          "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + bytes);
      connection.wait_closed_for(50);  // so that the bytes are read before the reset
      connection.reset();
    };
  };
  HttpServer with_content(resets("11\r\ndata: {\"d\":\"x\"}\n\r\n1\r\n\n\r\n"));
  HttpWorld world;
  const auto outcome = world.run(world.sse(with_content.url(), "\"/d\""));
  REQUIRE(outcome.result);
  CHECK(outcome.result->events == std::vector<StreamEvent>{{"", "{\"d\":\"x\"}"}});
  REQUIRE(outcome.result->broken_by);
  CHECK(outcome.result->broken_by->code == Errc::unavailable);
  CHECK_THAT(http_response_to_json(*outcome.result),
             Contains("\"truncated\":true") && Contains("\"code\":\"unavailable\""));

  HttpServer without(resets("12\r\n: ping\n\ndata: {}\n\r\n"));
  HttpWorld other;
  const Error error = error_of(other.run(other.sse(without.url(), "\"/d\"")));
  CHECK(error.code == Errc::unavailable);
  CHECK(error.side_effect == SideEffect::maybe);
}

TEST_CASE("http stream: the deadline and the size limit cut a stream, and its content is kept", "[http]") {
  HttpServer silent(say(stream_header + "data: one\n\n"));
  HttpWorld world;
  HttpCall call = world.sse(silent.url());
  call.deadline = Deadline(world.loop.now() + 200ms);
  const auto late = world.run(call);
  REQUIRE(late.result);
  CHECK(late.result->broken_by->code == Errc::deadline);
  CHECK(late.result->events.size() == 1);

  HttpServer floods(say(stream_header + "data: one\n\n" + "data: " + std::string(5000, 'x')));
  HttpWorld other;
  other.settings.body_bytes_max = 2000;
  const auto cut = other.run(other.sse(floods.url()));
  // The content may come in the same read as the flood, and then the limit refuses both.
  if (cut.result) {
    CHECK(cut.result->broken_by->code == Errc::exhausted);
  } else {
    CHECK(cut.result.error().code == Errc::exhausted);
  }
}
