#pragma once
// A loop, a client and short ways to ask it something.

#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.hpp"
#include "catch.hpp"
#include "effect/http/http_client.hpp"
#include "http_server.hpp"

namespace toolpost {

struct HttpWorld {
  EventLoop loop;
  HttpSettings settings;
  std::vector<HttpProgress> progress;

  /// A call whose origin the operator has granted literally.
  HttpCall call(std::string_view json) {
    auto request = http_request_from_json(json);
    if (!request) FAIL(request.error().message);
    const Origin origin = request->url.origin;
    return HttpCall{std::move(*request),
                    "org.example.test",
                    {{origin, true}},
                    std::nullopt,
                    Deadline(loop.now() + std::chrono::seconds(20))};
  }
  HttpCall get(const std::string& url) { return call(R"({"method": "GET", "url": ")" + url + R"("})"); }
  HttpCall sse(const std::string& url, const std::string& pointers = "") {
    return call(R"({"method": "GET", "url": ")" + url + R"(", "stream": "sse", "content_pointers": [)" +
                pointers + "]}");
  }

  /// Runs the calls one after the other on one client, once per world.
  std::vector<HttpOutcome> run_all(std::vector<HttpCall> calls) {
    HttpClient client(loop, settings);
    std::vector<HttpOutcome> outcomes;
    std::function<void()> next = [&] {
      if (outcomes.size() == calls.size()) return loop.stop();
      client.start(
          calls[outcomes.size()],
          [&](HttpOutcome outcome) {
            outcomes.push_back(std::move(outcome));
            next();
          },
          [&](HttpProgress news) { progress.push_back(news); });
    };
    next();
    loop.after(std::chrono::seconds(30), [&] { loop.stop(); });  // a hang fails the test below
    loop.run();
    REQUIRE(outcomes.size() == calls.size());
    return outcomes;
  }
  HttpOutcome run(HttpCall call) { return std::move(run_all({std::move(call)}).front()); }
};

}  // namespace toolpost
