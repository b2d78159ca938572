// Messages that are small to send and large to hold: refused at a limit, quickly, and the next one is
// answered.
#include "mcp_client.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  text.reserve(piece.size() * times);
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}
std::string call(const std::string& arguments) {
  return McpClient::modern("1", "tools/call", R"("name":"echo","arguments":)" + arguments + ",");
}
/// Refused, naming the setting; nothing was called, and the connection lives.
void check_refused(const std::string& line, std::string_view setting) {
  McpClient client;
  const json answer = client.ask(line);
  REQUIRE(answer.contains("error"));
  CAPTURE(setting, answer["error"]["message"].get<std::string>());
  CHECK(answer["error"]["message"].get<std::string>().find(setting) != std::string::npos);
  CHECK(answer["error"]["message"].get<std::string>().size() < 1000);
  CHECK(client.calls.empty());
  CHECK(client.ask(R"({"jsonrpc":"2.0","id":2,"method":"ping"})").contains("result"));
}

}  // namespace

TEST_CASE("json bombs: depth, with and without an end", "[mcp][attack]") {
  check_refused(call("{\"a\":" + repeated("[", 100) + repeated("]", 100) + "}"), "limits.depth_max = 64");
  check_refused(call("{\"a\":" + repeated("{\"a\":", 100) + "1" + repeated("}", 100) + "}"),
                "limits.depth_max = 64");
  check_refused(call("{\"a\":" + repeated("[", 500'000) + repeated("]", 500'000) + "}"), "limits.depth_max");
  check_refused(repeated("[", 1'000'000), "not valid JSON");
  check_refused(repeated("{\"a\":", 200'000), "not valid JSON");
}

TEST_CASE("json bombs: number of values", "[mcp][attack]") {
  check_refused(call("{\"a\":[" + repeated("0,", 250'000) + "0]}"), "limits.nodes_max = 200000");
  check_refused(call("{\"a\":[" + repeated("[],", 250'000) + "0]}"), "limits.nodes_max = 200000");
}

TEST_CASE("json bombs: numbers that no 64 bits and no double hold", "[mcp][attack]") {
  check_refused(call("{\"a\":" + std::string(1'000'000, '9') + "}"), "64 bits");
  check_refused(call("{\"a\":1e" + std::string(1'000'000, '9') + "}"), "double");
  check_refused(call("{\"a\":18446744073709551616}"), "64 bits");
  McpClient client;
  CHECK(
      client.send(call("{\"a\":0." + std::string(1'000'000, '9') + "}")).empty());  // close to 1 is a number
  CHECK(client.calls.size() == 1);
}

TEST_CASE("json bombs: floods of keys, long keys and long strings", "[mcp][attack]") {
  std::string keys = "{";
  for (int i = 0; i < 2000; ++i) keys += "\"k" + std::to_string(i) + "\":0,";
  check_refused(call(keys + "\"last\":0}"), "limits.keys_max = 1024");
  check_refused(call("{\"" + std::string(300, 'k') + "\":0}"), "limits.key_bytes_max = 256");
  check_refused(call("{" + repeated("\"same\":0,", 1000) + "\"same\":0}"), "is given twice");
  check_refused(call("{\"a\":\"" + std::string(5 << 20, 'x') + "\"}"), "limits.message_bytes_max");
}
