// What the client does when the upstream, the network or the caller misbehaves: a clear error, in time.
#include <atomic>

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

/// The same, but closes at once.
HttpServer::Script say_and_close(std::string bytes) {
  return [bytes](ServerConnection& connection) {
    connection.read_request();
    connection.send(bytes);
  };
}

const std::string stream_header = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

Error error_of(const HttpOutcome& outcome) {
  REQUIRE_FALSE(outcome.result);
  return outcome.result.error();
}

}  // namespace

TEST_CASE("http failure: nothing listens, or the name is none: unavailable, and nothing was sent", "[http]") {
  HttpWorld world;
  const auto outcomes =
      world.run_all({world.get("http://127.0.0.1:" + std::to_string(refused_port()) + "/"),
                     world.get("http://" + std::string(70, 'x') + "/")});  // no label is that long
  for (const auto& outcome : outcomes) {
    const Error error = error_of(outcome);
    CHECK(error.code == Errc::unavailable);
    CHECK(error.side_effect == SideEffect::none);
    CHECK_THAT(error.message, Contains("GET http://"));
  }
}

TEST_CASE("http failure: a server that accepts and is silent runs into first_byte", "[http]") {
  HttpServer server(say(""));
  HttpWorld world;
  world.settings.first_byte = 100ms;
  const TimePoint start = world.loop.now();
  const Error error = error_of(world.run(world.get(server.url("/path?key=hidden"))));
  CHECK(error.code == Errc::deadline);
  CHECK(error.side_effect == SideEffect::maybe);
  CHECK_THAT(error.message,
             Contains("http.first_byte_ms = 100") && Contains("/path") && Contains("since the start"));
  CHECK_THAT(error.message, !Contains("hidden"));
  CHECK(world.loop.now() - start >= 100ms);
  CHECK(world.loop.now() - start < 5s);
}

TEST_CASE("http failure: a TLS handshake that is never answered runs into connect", "[http]") {
  HttpServer server(say(""));
  HttpWorld world;
  world.settings.connect = 100ms;
  const Error error =
      error_of(world.run(world.get("https://127.0.0.1:" + std::to_string(server.port()) + "/")));
  CHECK(error.code == Errc::deadline);
  CHECK(error.side_effect == SideEffect::none);
  CHECK_THAT(error.message, Contains("http.connect_ms = 100"));
}

TEST_CASE("http failure: TLS with something that speaks none is a bad upstream, and nothing was sent",
          "[http]") {
  HttpServer server(
      [](ServerConnection& connection) { connection.send("HTTP/1.1 400 No TLS here\r\n\r\n"); });
  HttpWorld world;
  const Error error =
      error_of(world.run(world.get("https://127.0.0.1:" + std::to_string(server.port()) + "/")));
  CHECK(error.code == Errc::bad_upstream);
  CHECK(error.side_effect == SideEffect::none);
}

TEST_CASE("http failure: resets, early ends and silence before the answer are unavailable", "[http]") {
  HttpServer resets([](ServerConnection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
    connection.reset();
  });
  HttpServer ends_early(say_and_close("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"));
  HttpServer cut_chunk(say_and_close("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"));
  HttpServer says_nothing(say_and_close(""));
  HttpWorld world;
  const auto outcomes = world.run_all({world.get(resets.url()), world.get(ends_early.url()),
                                       world.get(cut_chunk.url()), world.get(says_nothing.url())});
  for (const auto& outcome : outcomes) {
    CAPTURE(error_of(outcome).message);
    CHECK(error_of(outcome).code == Errc::unavailable);
    CHECK(error_of(outcome).side_effect == SideEffect::maybe);
  }
}

TEST_CASE("http failure: nonsense is a bad upstream", "[http]") {
  for (const std::string bytes :
       {"SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!"}) {
    CAPTURE(bytes);
    HttpServer server(say(bytes));
    HttpWorld world;
    const Error error = error_of(world.run(world.get(server.url())));
    CAPTURE(error.message);
    CHECK(error.code == Errc::bad_upstream);
    CHECK(error.side_effect == SideEffect::maybe);
  }
}

TEST_CASE("http failure: a body may be as large as the limit and no larger, counted decompressed", "[http]") {
  const std::string fits(4096, 'x');
  HttpServer exact(say("HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n" + fits));
  HttpServer over(say("HTTP/1.1 200 OK\r\nContent-Length: 4097\r\n\r\n" + fits + "x"));
  HttpServer unannounced(say_and_close("HTTP/1.1 200 OK\r\n\r\n" + fits + "x"));
  const std::string bomb = gzip(std::string(32 << 20, '\0'));
  HttpServer bombs(say("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " +
                       std::to_string(bomb.size()) + "\r\n\r\n" + bomb));
  HttpWorld world;
  world.settings.body_bytes_max = 4096;
  const auto outcomes =
      world.run_all({world.get(exact.url()), world.get(over.url()), world.get(unannounced.url())});
  REQUIRE(outcomes[0].result);
  CHECK(outcomes[0].result->body == fits);
  for (const std::size_t i : {1u, 2u}) {
    CHECK(error_of(outcomes[i]).code == Errc::exhausted);
    CHECK_THAT(error_of(outcomes[i]).message, Contains("http.body_bytes_max"));
  }
  HttpWorld other;
  other.settings.body_bytes_max = 1 << 20;
  REQUIRE(bomb.size() < 1 << 20);
  const Error exploded = error_of(other.run(other.get(bombs.url())));
  CHECK(exploded.code == Errc::exhausted);
  CHECK_THAT(exploded.message, Contains("decompressed"));
}

TEST_CASE(
    "http failure: headers over the limit are exhausted: many, long, endless, and floods of interim ones",
    "[http]") {
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 200; ++i) many += "X-Field-" + std::to_string(i) + ": value\r\n";
  std::string interim;
  for (int i = 0; i < 200; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  for (const std::string& bytes :
       {many + "\r\n", "HTTP/1.1 200 OK\r\nX: " + std::string(3000, 'x') + "\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: " + std::string(10 << 20, 'x'), interim}) {
    HttpServer server(say(bytes));
    HttpWorld world;
    world.settings.header_bytes_max = 2048;
    const Error error = error_of(world.run(world.get(server.url())));
    CAPTURE(error.message);
    CHECK(error.code == Errc::exhausted);
  }
}

TEST_CASE("http failure: a private address is reached only by an origin that the operator wrote", "[http]") {
  std::atomic<int> requests = 0;
  HttpServer server([&](ServerConnection& connection) {
    while (!connection.read_request().empty()) {
      ++requests;
      connection.answer("x");
    }
  });
  HttpWorld world;
  const std::string https = "https://localhost:" + std::to_string(server.port()) + "/";
  HttpCall resolved = world.get(https);
  resolved.allowed[0].by_operator = false;
  HttpCall plain = world.get(server.url());
  plain.allowed[0].by_operator = false;
  HttpCall none = world.get(server.url());
  none.allowed.clear();
  const auto outcomes = world.run_all({resolved, plain, none});
  for (const auto& outcome : outcomes) {
    CHECK(error_of(outcome).code == Errc::permission);
    CHECK(error_of(outcome).side_effect == SideEffect::none);
    CHECK_THAT(error_of(outcome).message, Contains("the operator may set http_origins = [\"http"));
  }
  CHECK_THAT(error_of(outcomes[0]).message, Contains("private address"));
  CHECK_THAT(error_of(outcomes[1]).message, Contains("without TLS"));
  CHECK(server.accepted() == 0);
}

TEST_CASE("http failure: a secret goes to its own origin only, and never with control characters", "[http]") {
  HttpServer server(say(""));
  HttpWorld world;
  const std::string json = R"({"method": "GET", "url": ")" + server.url() + R"(", "secret": "key"})";
  const HttpCall unbound = world.call(json);
  HttpCall elsewhere = world.call(json);
  elsewhere.secret =
      BoundSecret{*parse_origin("https://api.example.com"), "Authorization", "Bearer ", "sk-1234"};
  HttpCall injected = world.call(json);
  injected.secret = BoundSecret{*parse_origin(server.url()), "X-Key", "", "sk\r\nX: 1"};
  HttpCall doubled = world.call(R"({"method": "GET", "url": ")" + server.url() +
                                R"(", "secret": "key", "headers": {"x-key": "mine"}})");
  doubled.secret = BoundSecret{*parse_origin(server.url()), "X-Key", "", "sk-1234"};
  const auto outcomes = world.run_all({unbound, elsewhere, injected, doubled});
  CHECK(error_of(outcomes[0]).code == Errc::permission);
  CHECK(error_of(outcomes[1]).code == Errc::permission);
  CHECK(error_of(outcomes[2]).code == Errc::invalid_config);
  CHECK(error_of(outcomes[3]).code == Errc::invalid_input);
  for (const auto& outcome : outcomes) CHECK_THAT(error_of(outcome).message, !Contains("sk-1234"));
  CHECK(server.accepted() == 0);
}

TEST_CASE("http failure: an expired deadline sends nothing, one that passes in the queue neither", "[http]") {
  HttpServer server(say(""));
  HttpWorld world;
  HttpCall expired = world.get(server.url());
  expired.deadline = Deadline(world.loop.now());
  const Error error = error_of(world.run(expired));
  CHECK(error.code == Errc::deadline);
  CHECK(error.side_effect == SideEffect::none);
  CHECK(server.accepted() == 0);

  HttpWorld other;
  other.settings.connections_max = 1;
  HttpClient client(other.loop, other.settings);
  client.start(other.get(server.url()), [](HttpOutcome) { FAIL("silent"); });
  HttpCall queued = other.get(server.url());
  queued.deadline = Deadline(other.loop.now() + 50ms);
  client.start(queued, [&](HttpOutcome outcome) {
    CHECK(error_of(outcome).code == Errc::deadline);
    CHECK(error_of(outcome).side_effect == SideEffect::none);
    CHECK_THAT(error_of(outcome).message, Contains("http.connections_max = 1"));
    other.loop.stop();
  });
  other.loop.run();
  CHECK(client.waiting() == 0);
}

TEST_CASE(
    "http failure: a kept connection that was closed is replaced for a GET, but a POST is not sent twice",
    "[http]") {
  // The second request on a connection is read and then refused with an end, as if the server had just timed
  // out.
  const auto script = [](ServerConnection& connection) {
    if (connection.read_request().empty()) return;
    connection.answer("first");
    connection.read_request();
  };
  HttpServer server(script);
  const std::string post = R"({"method": "POST", "url": ")" + server.url() + "\"";
  HttpWorld gets;
  const auto got = gets.run_all({gets.get(server.url()), gets.get(server.url())});
  REQUIRE(got[1].result);
  CHECK(got[1].result->body == "first");
  HttpWorld posts;
  const auto posted = posts.run_all({posts.call(post + "}"), posts.call(post + "}")});
  REQUIRE(posted[0].result);
  CHECK(error_of(posted[1]).code == Errc::unavailable);
  CHECK(error_of(posted[1]).side_effect == SideEffect::maybe);
  CHECK_THAT(error_of(posted[1]).message, Contains("not sent twice"));
  HttpWorld keyed;
  const std::string key = R"(, "idempotency_key": "k"})";
  const auto again = keyed.run_all({keyed.call(post + key), keyed.call(post + key)});
  CHECK(again[1].result);
}

TEST_CASE(
    "http failure: cancelling during silence, in the queue and before the start ends at once and calls "
    "nothing",
    "[http]") {
  HttpServer server(say(""));
  HttpWorld world;
  world.settings.connections_max = 2;
  const auto never = [](HttpOutcome) { FAIL("cancelled"); };
  HttpClient client(world.loop, world.settings);
  const auto silent = client.start(world.get(server.url()), never);
  const auto other = client.start(world.get(server.url()), never);
  const auto queued = client.start(world.get(server.url()), never);
  HttpCall refused = world.get(server.url());
  refused.allowed.clear();
  const auto failing = client.start(refused, never);
  client.cancel(failing);
  client.cancel(queued);
  CHECK(client.waiting() == 0);
  world.loop.after(50ms, [&] {
    client.cancel(silent);
    client.cancel(silent);
    client.cancel(other);
    CHECK(client.running() == 0);
    world.loop.after(50ms, [&] { world.loop.stop(); });
  });
  world.loop.run();
}

TEST_CASE("http failure: callbacks may cancel their own and other calls, and start new ones", "[http]") {
  HttpServer server([](ServerConnection& connection) {
    while (!connection.read_request().empty()) connection.send(stream_header + "data: x\n\n");
  });
  HttpWorld world;
  HttpClient client(world.loop, world.settings);
  HttpRequestId first{};
  HttpRequestId second{};
  const auto never = [](HttpOutcome) { FAIL("cancelled"); };
  const auto news = [&](HttpProgress) {
    client.cancel(first);
    client.cancel(second);
    HttpCall last = world.get(server.url());
    last.allowed.clear();
    client.start(last, [&](HttpOutcome outcome) {
      CHECK_FALSE(outcome.result);
      world.loop.stop();
    });
  };
  first = client.start(world.sse(server.url()), never, news);
  second = client.start(world.sse(server.url()), never, news);
  world.loop.after(30s, [&] { world.loop.stop(); });
  world.loop.run();
  CHECK(client.running() == 0);
}

TEST_CASE("http failure: a client that goes takes its calls along without a word", "[http]") {
  HttpServer server(say(stream_header + "data: x\n\n"));
  HttpWorld world;
  {
    HttpClient client(world.loop, world.settings);
    client.start(world.sse(server.url()), [](HttpOutcome) { FAIL("gone"); });
    client.start(world.get("http://" + std::string(70, 'x') + "/"), [](HttpOutcome) { FAIL("gone"); });
  }
  world.loop.after(20ms, [&] { world.loop.stop(); });
  world.loop.run();
}
