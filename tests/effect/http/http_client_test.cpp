// What the client does when the upstream behaves.
#include "effect/http/http_client.hpp"

#include <atomic>

#include "http_world.hpp"

using namespace toolpost;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

/// Answers every request of a connection with `reply(request)`.
HttpServer::Script serve(std::function<std::string(const std::string&)> reply) {
  return [reply](ServerConnection& connection) {
    for (std::string request = connection.read_request(); !request.empty();
         request = connection.read_request()) {
      if (!connection.send(reply(request))) return;
    }
  };
}

std::string answer_with(const std::string& body, const std::string& headers = "",
                        const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers +
         "\r\n" + body;
}

std::string redirect(const std::string& status, const std::string& location) {
  return answer_with("gone", "Location: " + location + "\r\n", status);
}

BoundSecret secret_for(const HttpServer& server) {
  return {*parse_origin(server.url()), "Authorization", "Bearer ", "sk-very-secret"};
}

}  // namespace

TEST_CASE("http client: a GET brings status, fields and body, and sends what was asked and no more",
          "[http]") {
  std::string seen;
  HttpServer server([&](ServerConnection& connection) {
    seen = connection.read_request();
    connection.answer("hello",
                      "Content-Type: text/plain\r\nX-Two: a\r\nX-Two: b\r\nSet-Cookie: s=1\r\n"
                      "Connection: keep-alive\r\nProxy-X: 1\r\n");
    connection.wait_closed();
  });
  HttpWorld world;
  const auto outcome = world.run(world.call(R"({"method": "GET", "url": ")" + server.url("/a/../b?q=%20") +
                                            R"(", "headers": {"X-Empty": "", "X-One": "1"}})"));
  REQUIRE(outcome.result);
  CHECK(outcome.result->status == 200);
  CHECK(outcome.result->body == "hello");
  CHECK(outcome.result->bytes == 5);
  CHECK_FALSE(outcome.result->streamed);
  CHECK_FALSE(outcome.retry_after);
  CHECK(outcome.result->headers ==
        HttpHeaders{{"content-length", "5"}, {"content-type", "text/plain"}, {"x-two", "a"}, {"x-two", "b"}});
  CHECK(seen.starts_with("GET /a/../b?q=%20 HTTP/1.1\r\n"));
  CHECK_THAT(
      seen, Contains("\r\nx-empty:\r\n") && Contains("\r\nx-one: 1\r\n") && Contains("User-Agent: toolpost"));
  CHECK_THAT(seen, !Contains("Cookie") && !Contains("Authorization"));
  REQUIRE(world.progress.size() == 1);
  CHECK(world.progress[0].bytes == 5);
}

TEST_CASE("http client: POST, PUT and DELETE send their body, and any status is a result", "[http]") {
  HttpServer server(serve([](const std::string& request) { return answer_with(request, "", "418 Teapot"); }));
  HttpWorld world;
  const std::string big(300'000, 'x');
  const auto outcomes = world.run_all(
      {world.call(R"({"method": "POST", "url": ")" + server.url() +
                  R"(", "json": {"a": 1}, "idempotency_key": "k"})"),
       world.call(R"({"method": "PUT", "url": ")" + server.url() + R"(", "text": ")" + big + "\"}"),
       world.call(R"({"method": "POST", "url": ")" + server.url() + "\"}"),
       world.call(R"({"method": "DELETE", "url": ")" + server.url() + "\"}")});
  for (const auto& outcome : outcomes) {
    REQUIRE(outcome.result);
    CHECK(outcome.result->status == 418);
    CHECK_THAT(outcome.result->body, !Contains("Expect") && !Contains("urlencoded"));
  }
  CHECK_THAT(outcomes[0].result->body, Contains("POST / ") && Contains("\r\n\r\n{\"a\":1}") &&
                                           Contains("content-type: application/json") &&
                                           Contains("idempotency-key: k"));
  CHECK_THAT(outcomes[1].result->body, Contains("PUT / ") && Contains("\r\n\r\n" + big));
  CHECK_THAT(outcomes[2].result->body, Contains("Content-Length: 0\r\n"));
  CHECK_THAT(outcomes[3].result->body, Contains("DELETE / "));
  CHECK(server.accepted() == 1);  // one connection was kept for all
}

TEST_CASE("http client: chunked, compressed and interim answers are taken apart", "[http]") {
  const std::string text(50'000, 'a');
  HttpServer server(serve([&](const std::string& request) -> std::string {
    if (request.starts_with("GET /chunked")) {
      return "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
             "chunked\r\n\r\n"
             "3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\nX-Trailer: 1\r\n\r\n";
    }
    return answer_with(gzip(text), "Content-Encoding: gzip\r\n");
  }));
  HttpWorld world;
  const auto outcomes = world.run_all({world.get(server.url("/chunked")), world.get(server.url("/gzip"))});
  REQUIRE(outcomes[0].result);
  CHECK(outcomes[0].result->body == "abcdefg");
  CHECK(outcomes[0].result->headers.empty());
  REQUIRE(outcomes[1].result);
  CHECK(outcomes[1].result->body == text);
  CHECK(outcomes[1].result->bytes == text.size());
}

TEST_CASE("http client: a stream is framed while it comes, split inside of a character or not", "[http]") {
  HttpServer server([](ServerConnection& connection) {
    connection.read_request();
    connection.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n: hi\n\n");
    connection.send("data: {\"d\": \"\xf0\x9f");
    connection.wait_closed_for(20);  // lets the halves arrive apart
    connection.send("\x98\x80\"}\n\nevent: done\ndata: [DONE]\n\n");
  });
  HttpWorld world;
  const auto outcome = world.run(world.sse(server.url(), "\"/d\""));
  REQUIRE(outcome.result);
  CHECK(outcome.result->streamed);
  CHECK(outcome.result->body.empty());
  CHECK(outcome.result->events ==
        std::vector<StreamEvent>{{"", "{\"d\": \"\xf0\x9f\x98\x80\"}"}, {"done", "[DONE]"}});
  CHECK_FALSE(outcome.result->broken_by);
  REQUIRE(world.progress.size() == 1);
  CHECK(world.progress[0].content_events == 1);
}

TEST_CASE("http client: lines of JSON are framed; an answer of another type or status stays a body",
          "[http]") {
  HttpServer server(serve([](const std::string& request) {
    if (request.starts_with("GET /lines"))
      return answer_with("{\"a\":1}\n{\"a\":2}", "Content-Type: application/x-ndjson\r\n");
    if (request.starts_with("GET /body"))
      return answer_with("{\"a\":1}\n", "Content-Type: application/json\r\n");
    return answer_with("data: no\n\n", "Content-Type: text/event-stream\r\n", "500 Oops");
  }));
  HttpWorld world;
  const auto ndjson = [&](const std::string& target) {
    return world.call(R"({"method": "GET", "url": ")" + server.url(target) + R"(", "stream": "ndjson"})");
  };
  const auto outcomes = world.run_all({ndjson("/lines"), ndjson("/body"), world.sse(server.url("/error"))});
  CHECK(outcomes[0].result->events == std::vector<StreamEvent>{{"", "{\"a\":1}"}, {"", "{\"a\":2}"}});
  CHECK_FALSE(outcomes[1].result->streamed);
  CHECK(outcomes[1].result->body == "{\"a\":1}\n");
  CHECK(outcomes[2].result->status == 500);
  CHECK(outcomes[2].result->body == "data: no\n\n");
}

TEST_CASE("http client: a bound secret is sent to its origin and masked in what comes back", "[http]") {
  HttpServer server(serve([](const std::string& request) {
    const std::string value = request.substr(request.find("Authorization: ") + 15, 21);
    return answer_with("you said " + value, "X-Echo: " + value + "\r\n");
  }));
  HttpWorld world;
  HttpCall call = world.call(R"({"method": "GET", "url": ")" + server.url() + R"(", "secret": "key"})");
  call.secret = secret_for(server);
  const auto outcome = world.run(call);
  REQUIRE(outcome.result);
  CHECK(outcome.result->body == "you said Bearer [secret]");
  CHECK(find_header(outcome.result->headers, "x-echo") == "Bearer [secret]");
}

TEST_CASE("http client: redirects change or keep method and body by their status", "[http]") {
  HttpServer server(serve([](const std::string& request) {
    const std::string target =
        request.substr(request.find(' ') + 1, request.find(' ', 6) - request.find(' ') - 1);
    if (target == "/end") return answer_with(request);
    return redirect(target.substr(1) + " Moved", "end");
  }));
  for (const auto& [status, expected] :
       {std::pair("301", "GET"), std::pair("302", "GET"), std::pair("303", "GET"), std::pair("307", "POST"),
        std::pair("308", "POST")}) {
    CAPTURE(status);
    HttpWorld world;
    const auto outcome = world.run(world.call(R"({"method": "POST", "url": ")" +
                                              server.url("/" + std::string(status)) + R"(", "json": [7]})"));
    REQUIRE(outcome.result);
    CHECK(outcome.result->body.starts_with(std::string(expected) + " /end "));
    CHECK(outcome.result->body.ends_with("\r\n\r\n[7]") == (std::string(expected) == "POST"));
    CHECK((outcome.result->body.find("content-type") != std::string::npos) ==
          (std::string(expected) == "POST"));
  }
  HttpWorld world;
  const auto put =
      world.run(world.call(R"({"method": "PUT", "url": ")" + server.url("/302") + R"(", "json": [7]})"));
  REQUIRE(put.result);
  CHECK(put.result->body.starts_with("PUT /end "));
}

TEST_CASE("http client: the secret and a plugin's own credential stay behind on a redirect to another origin",
          "[http]") {
  HttpServer other(serve([](const std::string& request) { return answer_with(request); }));
  HttpServer server(serve([&](const std::string& request) {
    if (request.starts_with("GET /same")) return redirect("302 Found", "/echo");
    if (request.starts_with("GET /echo"))
      return answer_with(request.find("sk-very-secret") != std::string::npos ? "kept" : "lost");
    return redirect("307 There", other.url("/x"));
  }));
  HttpWorld world;
  const auto with_secret = [&](const std::string& target) {
    HttpCall call =
        world.call(R"({"method": "GET", "url": ")" + server.url(target) + R"(", "secret": "key"})");
    call.secret = secret_for(server);
    call.allowed.push_back({*parse_origin(other.url()), true});
    return call;
  };
  HttpCall own = world.call(R"({"method": "GET", "url": ")" + server.url("/cross") +
                            R"(", "headers": {"Authorization": "mine", "X-Kept": "1"}})");
  own.allowed.push_back({*parse_origin(other.url()), true});
  const auto outcomes = world.run_all({with_secret("/same"), with_secret("/cross"), own});
  CHECK(outcomes[0].result->body == "kept");
  REQUIRE(outcomes[1].result);
  CHECK_THAT(outcomes[1].result->body, Contains("GET /x ") && !Contains("uthorization"));
  CHECK_THAT(outcomes[2].result->body, Contains("x-kept: 1") && !Contains("uthorization"));
}

TEST_CASE("http client: a redirect is followed to granted origins only, and so often", "[http]") {
  std::atomic<int> reached = 0;
  HttpServer other(serve([&](const std::string&) {
    ++reached;
    return answer_with("never");
  }));
  HttpServer server(serve([&](const std::string& request) {
    if (request.starts_with("POST")) return redirect("303 See", other.url("/stolen"));
    if (request.starts_with("GET /loop")) return redirect("302 Found", "/loop");
    if (request.starts_with("GET /cross")) return redirect("302 Found", other.url("/stolen"));
    if (request.starts_with("GET /file")) return redirect("302 Found", "file:///etc/passwd");
    const int left = request[5] - '0';
    return left == 0 ? answer_with("end") : redirect("302 Found", "/" + std::to_string(left - 1));
  }));
  HttpWorld world;
  const auto outcomes =
      world.run_all({world.get(server.url("/3")), world.get(server.url("/4")), world.get(server.url("/loop")),
                     world.get(server.url("/cross")), world.get(server.url("/file")),
                     world.call(R"({"method": "POST", "url": ")" + server.url() + "\"}")});
  CHECK(outcomes[0].result->body == "end");
  for (const std::size_t i : {1u, 2u}) {
    REQUIRE_FALSE(outcomes[i].result);
    CHECK(outcomes[i].result.error().code == Errc::bad_upstream);
    CHECK_THAT(outcomes[i].result.error().message, Contains("http.redirects_max = 3"));
  }
  REQUIRE_FALSE(outcomes[3].result);
  CHECK(outcomes[3].result.error().code == Errc::permission);
  CHECK(outcomes[3].result.error().side_effect == SideEffect::none);
  CHECK_THAT(outcomes[3].result.error().message,
             Contains("http_origins = [\"http://127.0.0.1:" + std::to_string(other.port()) +
                      "\"] under [plugins.\"org.example.test\"]"));
  CHECK(outcomes[4].result.error().code == Errc::bad_upstream);
  CHECK(outcomes[5].result.error().code == Errc::permission);
  CHECK(outcomes[5].result.error().side_effect == SideEffect::maybe);  // the POST itself was done
  CHECK(reached == 0);
  HttpWorld none;
  none.settings.redirects_max = 0;
  const auto shown = none.run(none.get(server.url("/3")));
  REQUIRE(shown.result);
  CHECK(shown.result->status == 302);
  CHECK(shown.result->body == "gone");
}

TEST_CASE("http client: what an upstream asks to wait is read with its answer", "[http]") {
  HttpServer server(serve([](const std::string& request) {
    if (request.starts_with("GET /s")) return answer_with("", "Retry-After: 7\r\n", "429 Slow");
    if (request.starts_with("GET /ms"))
      return answer_with("", "Retry-After-Ms: 250\r\nRetry-After: 1\r\n", "429 Slow");
    if (request.starts_with("GET /past"))
      return answer_with("", "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\n", "429 Slow");
    return answer_with("", "Retry-After: 99999999999999\r\n", "503 Down");
  }));
  HttpWorld world;
  const auto outcomes = world.run_all({world.get(server.url("/s")), world.get(server.url("/ms")),
                                       world.get(server.url("/past")), world.get(server.url("/absurd"))});
  CHECK(outcomes[0].result->status == 429);
  CHECK(outcomes[0].retry_after == 7000ms);
  CHECK(outcomes[1].retry_after == 250ms);
  CHECK(outcomes[2].retry_after == 0ms);
  CHECK(outcomes[3].result->status == 503);
  CHECK(outcomes[3].retry_after == 1h);
  CHECK(http_response_to_json(*outcomes[3].result).find(R"("retry_after_ms":3600000)") != std::string::npos);
}

TEST_CASE("http client: many calls run at once, and those over connections_max wait in order", "[http]") {
  std::atomic<int> open = 0;
  std::atomic<int> open_most = 0;
  HttpServer server([&](ServerConnection& connection) {
    for (std::string request = connection.read_request(); !request.empty();
         request = connection.read_request()) {
      const int now_open = ++open;
      int most = open_most;
      while (most < now_open && !open_most.compare_exchange_weak(most, now_open)) {
      }
      connection.wait_closed_for(5);
      --open;
      connection.answer(request.substr(5, 2));
    }
  });
  HttpWorld world;
  world.settings.connections_max = 8;
  HttpClient client(world.loop, world.settings);
  int ended = 0;
  for (int i = 10; i < 30; ++i) {
    client.start(world.get(server.url("/" + std::to_string(i))), [&, i](HttpOutcome outcome) {
      CHECK(outcome.result);
      if (outcome.result) CHECK(outcome.result->body == std::to_string(i));
      if (++ended == 20) world.loop.stop();
    });
  }
  CHECK(client.running() == 8);
  CHECK(client.waiting() == 12);
  world.loop.after(30s, [&] { world.loop.stop(); });
  world.loop.run();
  CHECK(ended == 20);
  CHECK(open_most <= 8);
  CHECK(server.accepted() <= 8);
  CHECK(client.running() == 0);
  CHECK(client.waiting() == 0);
}

TEST_CASE("http client: http.queue_size_max calls wait for a connection, a further one is refused",
          "[http]") {
  HttpServer server([](ServerConnection& connection) {
    for (std::string request = connection.read_request(); !request.empty();
         request = connection.read_request())
      connection.answer("ok");
  });
  HttpWorld world;
  world.settings.connections_max = 1;
  world.settings.queue_size_max = 2;
  HttpClient client(world.loop, world.settings);
  int well = 0;
  std::string refusal;
  for (int i = 0; i < 4; ++i) {
    client.start(world.get(server.url("/")), [&](const HttpOutcome& outcome) {
      if (outcome.result) ++well;
      if (!outcome.result) refusal = outcome.result.error().message;
      if (well == 3 && !refusal.empty()) world.loop.stop();
    });
  }
  world.loop.after(30s, [&] { world.loop.stop(); });
  world.loop.run();
  CHECK(well == 3);
  CHECK(refusal.find("http.queue_size_max = 2 lets wait for one of http.connections_max = 1") !=
        std::string::npos);
}
