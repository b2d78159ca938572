#include "http_server.hpp"
#include "runtime_world.hpp"

using namespace toolpost;

TEST_CASE("provider: a wish to wait that is a date or longer than a day is not taken for none",
          "[runtime][provider]") {
  for (const char* wish :
       {"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", "Retry-After: 99999999999\r\n"}) {
    std::atomic<int> asked{0};
    HttpServer server([&](ServerConnection& connection) {
      while (!connection.read_request().empty()) {
        ++asked;
        const std::string body = R"({"error":{"message":"requests per min"}})";
        connection.send(std::string("HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\n") +
                        wish + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
      }
    });
    Settings settings;
    settings.plugins["dev.toolpost.chat"].grant = {"provider"};
    settings.providers["local"].base_url = "http://127.0.0.1:" + std::to_string(server.port()) + "/v1";
    settings.providers["local"].models = {"m"};
    RuntimeWorld world({"lib/toolpost/plugins/chat.so", "lib/toolpost/plugins/openai.so"}, settings);
    const CallOutcome& outcome = world.call("chat", R"({"prompt":"hello"})");
    CHECK(outcome.code == Errc::rate_limited);
    CHECK(outcome.message.find("asks to wait 3600000 ms") != std::string::npos);
    CHECK(asked == 1);
  }
}
