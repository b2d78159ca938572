// What an operator reads in the log when the host protects itself.
#include <atomic>

#include "http_server.hpp"
#include "runtime_world.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {

/// Keeps the events of one name.
struct Heard {
  Heard(RuntimeWorld& world, const std::vector<std::string>& names) {
    world.runtime->on_event = [this, names](Level level, std::string_view event, const std::string& detail) {
      if (std::find(names.begin(), names.end(), event) == names.end()) return;
      levels.push_back(level);
      lines.push_back(std::string(event) + " " + detail);
    };
  }
  std::vector<Level> levels;
  std::vector<std::string> lines;
};

}  // namespace

TEST_CASE("log events: calls that are shed are told once a minute", "[runtime][log]") {
  Settings settings;
  settings.admission.calls_max = 1;
  settings.admission.queue_size_max = 0;
  RuntimeWorld world({"tests/plugins/faulty.so"}, settings);
  const Heard heard(world, {"calls_shed"});
  world.start("sleeps", R"({"ms": 200})");
  world.start("fine");
  world.start("join");
  world.settle();
  CHECK(world.outcomes.at("sleeps").code == Errc::ok);
  CHECK(world.outcomes.at("fine").code == Errc::shed);
  CHECK(world.outcomes.at("join").code == Errc::shed);
  REQUIRE(heard.lines.size() == 1);
  CHECK(heard.lines[0].starts_with("calls_shed fine: admission: "));
  CHECK(heard.levels[0] == Level::info);
}

TEST_CASE("log events: a breaker that opens is a warning, and the news when it closes again",
          "[runtime][log]") {
  std::atomic<bool> broken{true};
  HttpServer server([&](ServerConnection& connection) {
    for (std::string request = connection.read_request(); !request.empty();
         request = connection.read_request()) {
      if (broken)
        connection.send("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
      else
        connection.answer(
            "data: {\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"fine\"}}]}\n\n"
            "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
            "Content-Type: text/event-stream\r\n");
    }
  });
  Settings settings;
  settings.plugins["dev.toolpost.chat"].grant = {"provider"};
  settings.providers["local"].models = {"m"};
  settings.providers["local"].base_url = "http://127.0.0.1:" + std::to_string(server.port()) + "/v1";
  settings.retry.attempts_max = 1;
  settings.breaker.failures_max = 1;
  settings.breaker.open_base = 1ms;
  RuntimeWorld world({"lib/toolpost/plugins/chat.so", "lib/toolpost/plugins/openai.so"}, settings);
  const Heard heard(world, {"breaker_opened", "breaker_closed"});
  REQUIRE(world.call("chat", R"({"prompt":"hello"})").code != Errc::ok);
  broken = false;
  // The breaker rests for a millisecond; until then the call is refused.
  for (int tries = 0; tries < 1000; ++tries)
    if (world.call("chat", R"({"prompt":"hello"})").code == Errc::ok) break;
  REQUIRE(heard.lines.size() == 2);
  CHECK(heard.lines[0].starts_with("breaker_opened local/m is not asked for "));
  CHECK(heard.levels[0] == Level::warn);
  CHECK(heard.lines[1] == "breaker_closed local/m answers and is asked again");
  CHECK(heard.levels[1] == Level::info);
}
