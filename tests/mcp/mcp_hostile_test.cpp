// Bytes nobody would send: whatever comes in, every line that goes out is whole and valid.
#include <random>

#include "mcp_client.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

void check_lines(const std::string& out) {
  std::size_t at = 0;
  while (at < out.size()) {
    const std::size_t end = out.find('\n', at);
    REQUIRE(end != std::string::npos);
    const json answer = json::parse(out.substr(at, end - at));
    REQUIRE(answer["jsonrpc"] == "2.0");
    REQUIRE((!answer.contains("id") || answer["id"].is_string() || answer["id"].is_number_integer()));
    at = end + 1;
  }
}

}  // namespace

TEST_CASE("mcp: mutated messages never break the core or its output", "[mcp]") {
  McpClient client;
  const std::vector<std::string> seeds{
      McpClient::modern("1", "tools/call", R"("name":"echo","arguments":{"a":[1,2,{"b":null}]},)",
                        R"(,"progressToken":1)"),
      McpClient::modern("\"two\"", "tools/list", R"("cursor":"c",)"),
      McpClient::legacy("3", "initialize", R"({"protocolVersion":"2025-11-25","capabilities":{}})"),
      McpClient::legacy("4", "tools/call", R"({"name":"now","arguments":{}})"),
      R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})"};
  std::mt19937 random(7);
  const auto below = [&](std::size_t limit) { return random() % limit; };
  constexpr std::string_view kLikely = "{}[]\":,\\01-e.nutrfalse \t\x00\xff\xc3";
  for (int round = 0; round < 20'000; ++round) {
    std::string line = seeds[below(seeds.size())];
    for (std::size_t edits = below(4); edits > 0 && !line.empty(); --edits) {
      const std::size_t at = below(line.size());
      switch (below(4)) {
        case 0:
          line.erase(at, 1 + below(8));
          break;
        case 1:
          line.insert(at, 1, kLikely[below(kLikely.size())]);
          break;
        case 2:
          line[at] = static_cast<char>(below(256));
          break;
        default:
          line.insert(at, line.substr(below(line.size()), below(20)));
          break;
      }
    }
    check_lines(client.send(line));
    while (client.core.calls_in_flight() > 8) {
      client.core.finish(client.calls.back().number, {"{}", "", false, ""});
      client.calls.pop_back();
      check_lines(client.take());
    }
  }
}

TEST_CASE("mcp: text of a plugin that is no UTF-8 still goes out as a valid line", "[mcp]") {
  McpClient client;
  const std::string bad = "caf\xe9 \xed\xa0\x80 \xf0\x9f";
  const std::string good = "caf\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd";
  const auto call = [&](const char* id) {
    CHECK(client.send(McpClient::modern(id, "tools/call", R"("name":"echo",)", R"(,"progressToken":1)"))
              .empty());
    return client.calls.back().number;
  };
  const std::uint64_t first = call("1");
  client.core.progress(first, 1, 2, bad);
  CHECK(McpClient::one(client.take())["params"]["message"] == good);
  client.core.finish(first, {"", bad, true, ""});
  CHECK(McpClient::one(client.take())["result"]["content"][0]["text"] == good);
  client.core.fail(call("2"), mcp_code::internal_error, bad);
  CHECK(McpClient::one(client.take())["error"]["message"] == good);
}

TEST_CASE("mcp: messages past a limit are refused with their id, so that nobody waits", "[mcp]") {
  LimitSettings limits;
  limits.depth_max = 8;
  McpClient client(limits);
  const std::string deep =
      McpClient::modern("9", "tools/call", R"("name":"echo","arguments":{"a":[[[[[[1]]]]]]},)");
  const json answer = client.ask(deep);
  CHECK(answer["id"] == 9);
  CHECK(answer["error"]["code"] == -32600);
  CHECK(answer["error"]["message"].get<std::string>().find("limits.depth_max = 8") != std::string::npos);
  const json bottomless = client.ask(std::string(100'000, '['));
  CHECK_FALSE(bottomless.contains("id"));
  CHECK(client.calls.empty());
}
