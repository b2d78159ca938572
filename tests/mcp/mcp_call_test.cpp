// The life of tool calls: arguments, answers, progress, cancellation, ids.
#include <cmath>

#include "mcp_client.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

std::string call(std::string_view id, std::string_view params = "", std::string_view meta = "") {
  return McpClient::modern(id, "tools/call", R"("name":"echo",)" + std::string(params), meta);
}

std::string cancel(std::string_view id) {
  return R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" + std::string(id) +
         R"(,"reason":"no longer needed"}})";
}

}  // namespace

TEST_CASE("mcp call: arguments are handed on as they were written", "[mcp]") {
  McpClient client;
  client.send(call("1", R"("arguments" :  { "b" : 1.0, "a":["\u0061 }", {}] } , )"));
  client.send(call("2"));
  client.send(call("3", R"("arguments":{},)"));
  client.send(call("4", R"("arg\u0075ments":{"k":1},)"));
  REQUIRE(client.calls.size() == 4);
  CHECK(client.calls[0].tool == "echo");
  CHECK(client.calls[0].arguments == R"({ "b" : 1.0, "a":["\u0061 }", {}] })");
  CHECK(client.calls[1].arguments == "{}");
  CHECK(client.calls[2].arguments == "{}");
  CHECK(client.calls[3].arguments == R"({"k":1})");
}

TEST_CASE("mcp call: a modern answer carries type, text, structure, error mark and metadata", "[mcp]") {
  McpClient client;
  client.send(call("5"));
  client.core.finish(client.calls[0].number,
                     {"{\n \"a\": [1,\r\n2]}", "two\nlines \"q\"", true, "\"com.x/y\":\n1"});
  const json answer = McpClient::one(client.take());
  CHECK(answer["id"] == 5);
  CHECK(answer["result"]["resultType"] == "complete");
  CHECK(answer["result"]["content"] == json::parse(R"([{"type":"text","text":"two\nlines \"q\""}])"));
  CHECK(answer["result"]["structuredContent"] == json::parse(R"({"a":[1,2]})"));
  CHECK(answer["result"]["isError"] == true);
  CHECK(answer["result"]["_meta"]["com.x/y"] == 1);
  CHECK(answer["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "toolpost");
  CHECK(client.core.calls_in_flight() == 0);
}

TEST_CASE("mcp call: each legacy revision gets the members it knows", "[mcp]") {
  const std::pair<const char*, bool> rows[] = {
      {"2025-11-25", true}, {"2025-06-18", true}, {"2025-03-26", false}, {"2024-11-05", false}};
  for (const auto& [revision, structured] : rows) {
    CAPTURE(revision);
    McpClient client;
    client.initialize(revision);
    for (const char* text : {R"({"a":1})", " {\"a\":1}"}) {
      client.send(McpClient::legacy("1", "tools/call", R"({"name":"echo"})"));
      client.core.finish(client.calls.back().number, {text, "", false, ""});
      json expected = {{"content", {{{"type", "text"}, {"text", text}}}}};
      if (structured) expected["structuredContent"] = {{"a", 1}};
      CHECK(McpClient::one(client.take())["result"] == expected);
    }
    client.send(McpClient::legacy("2", "tools/call", R"({"name":"echo"})"));
    client.core.finish(client.calls.back().number, {"[1]", "", true, R"("com.x/y":{})"});
    CHECK(McpClient::one(client.take())["result"] ==
          json::parse(R"({"content":[{"type":"text","text":"[1]"}],"isError":true,"_meta":{"com.x/y":{}}})"));
  }
}

TEST_CASE("mcp call: an answer of nothing has no content blocks", "[mcp]") {
  McpClient client;
  client.send(call("1"));
  client.core.finish(client.calls[0].number, {});
  const json result = McpClient::one(client.take())["result"];
  CHECK(result["content"] == json::array());
  CHECK_FALSE(result.contains("isError"));
  CHECK_FALSE(result.contains("structuredContent"));
}

TEST_CASE("mcp call: a stateless client may get any JSON value as structure", "[mcp]") {
  McpClient client;
  client.send(call("1"));
  client.core.finish(client.calls[0].number, {"[1]", "", false, ""});
  CHECK(McpClient::one(client.take())["result"]["structuredContent"] == json::array({1}));
}

TEST_CASE("mcp call: answers come in the order of finishing, and only once", "[mcp]") {
  McpClient client;
  for (const char* id :
       {"0", "\"\"", "-1", "9223372036854775807", "18446744073709551615", "\"0\"", "\"a\\n\""}) {
    CHECK(client.send(call(id)).empty());
  }
  REQUIRE(client.calls.size() == 7);
  CHECK(client.core.calls_in_flight() == 7);
  for (std::size_t i : {3u, 0u, 6u, 1u, 5u, 4u, 2u}) {
    client.core.finish(client.calls[i].number, {"", std::to_string(i), false, ""});
    const json answer = McpClient::one(client.take());
    const json ids[] = {0, "", -1, 9223372036854775807, 18446744073709551615u, "0", "a\n"};
    CHECK(answer["id"] == ids[i]);
    CHECK(answer["result"]["content"][0]["text"] == std::to_string(i));
    client.core.finish(client.calls[i].number, {"", "again", false, ""});
    client.core.fail(client.calls[i].number, -32603, "again");
    client.core.progress(client.calls[i].number, 1, 0, "again");
    CHECK(client.take().empty());
  }
}

TEST_CASE("mcp call: an id in flight is refused for every method, and is free again after the answer",
          "[mcp]") {
  McpClient client;
  client.send(call("7"));
  for (const std::string& line : {call("7"), McpClient::modern("7", "tools/list")}) {
    const json answer = client.ask(line);
    CHECK(answer["id"] == 7);
    CHECK(answer["error"]["code"] == -32600);
  }
  CHECK(client.calls.size() == 1);
  client.send(call("\"7\""));  // a string is another id
  CHECK(client.calls.size() == 2);
  client.send(call("\"\\u0061\""));
  CHECK(client.ask(call("\"a\""))["error"]["code"] == -32600);  // the same string, written in two ways
  client.core.finish(client.calls[0].number, {"", "first", false, ""});
  CHECK(McpClient::one(client.take())["id"] == 7);
  CHECK(client.send(call("7")).empty());
  REQUIRE(client.calls.size() == 4);
  CHECK(client.calls[3].number != client.calls[0].number);
  client.core.finish(client.calls[0].number, {"", "late", false, ""});
  CHECK(client.take().empty());
}

TEST_CASE("mcp call: a handler may answer from inside", "[mcp]") {
  McpClient client;
  const json answer = client.ask(McpClient::modern("1", "tools/call", R"("name":"now",)"));
  CHECK(answer["result"]["content"][0]["text"] == "at once");
  CHECK(client.core.calls_in_flight() == 0);
}

TEST_CASE("mcp call: nothing is sent for a cancelled call, and its id may be used again", "[mcp]") {
  McpClient client;
  client.send(call("1", "", R"(,"progressToken":"p")"));
  client.send(call("\"1\""));
  CHECK(client.send(cancel("2")).empty());
  CHECK(client.cancelled.empty());
  CHECK(client.send(cancel("1")).empty());
  CHECK(client.cancelled == std::vector{client.calls[0].number});
  client.core.progress(client.calls[0].number, 5, 0, "");
  client.core.finish(client.calls[0].number, {"", "late", false, ""});
  client.core.fail(client.calls[0].number, -32603, "late");
  CHECK(client.take().empty());
  CHECK(client.send(cancel("1")).empty());
  CHECK(client.cancelled.size() == 1);
  CHECK(client.core.calls_in_flight() == 1);
  client.send(call("1"));
  client.core.finish(client.calls[2].number, {"", "new", false, ""});
  CHECK(McpClient::one(client.take())["result"]["content"][0]["text"] == "new");
}

TEST_CASE("mcp call: a call fails with the code and message of the host", "[mcp]") {
  McpClient client;
  client.send(call("\"x\""));
  client.core.fail(client.calls[0].number, -32603, "no \"room\"");
  CHECK(McpClient::one(client.take()) ==
        json::parse(R"({"jsonrpc":"2.0","id":"x","error":{"code":-32603,"message":"no \"room\""}})"));
}

TEST_CASE("mcp progress: only what rises is sent, with the client's own token", "[mcp]") {
  for (const char* token : {"\"t\"", "0", "-5", "\"\""}) {
    McpClient client;
    client.send(call("1", "", R"(,"progressToken":)" + std::string(token)));
    const std::uint64_t number = client.calls[0].number;
    CHECK(client.calls[0].wants_progress);
    client.core.progress(number, 0, 0, "");
    CHECK(client.take() ==
          R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)" +
              std::string(token) + ",\"progress\":0}}\n");
    for (const double stale : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
      client.core.progress(number, stale, 0, "");
    }
    CHECK(client.take().empty());
    client.core.progress(number, 0.5, 10, "half \"way\"");
    const json params = McpClient::one(client.take())["params"];
    CHECK(params["progress"] == 0.5);
    CHECK(params["total"] == 10);
    CHECK(params["message"] == "half \"way\"");
    client.core.progress(number, 1e300, std::nan(""), "");
    CHECK(McpClient::one(client.take())["params"].size() == 2);
  }
}

TEST_CASE("mcp progress: none without a token, and no message for the first revision", "[mcp]") {
  McpClient client;
  client.send(call("1"));
  CHECK_FALSE(client.calls[0].wants_progress);
  client.core.progress(client.calls[0].number, 1, 0, "m");
  client.core.progress(12345, 1, 0, "m");
  client.core.progress(0, 1, 0, "m");
  CHECK(client.take().empty());
  client.initialize("2024-11-05");
  client.send(McpClient::legacy("2", "tools/call", R"({"name":"echo","_meta":{"progressToken":3}})"));
  client.core.progress(client.calls[1].number, 1, 2, "m");
  CHECK(McpClient::one(client.take())["params"] ==
        json::parse(R"({"progressToken":3,"progress":1.0,"total":2.0})"));
}

TEST_CASE("mcp progress: a reused slot starts anew", "[mcp]") {
  McpClient client;
  client.send(call("1", "", R"(,"progressToken":1)"));
  client.core.progress(client.calls[0].number, 100, 0, "");
  client.core.finish(client.calls[0].number, {});
  client.send(call("2"));
  client.take();
  client.core.progress(client.calls[1].number, 200, 0, "");
  CHECK(client.take().empty());
  client.core.finish(client.calls[1].number, {});
  client.send(call("3", "", R"(,"progressToken":1)"));
  client.take();
  client.core.progress(client.calls[2].number, 1, 0, "");
  CHECK_FALSE(client.take().empty());
}

TEST_CASE("mcp call: ids and tokens are bounded on both sides of the limit", "[mcp]") {
  McpClient client;
  const std::string fits = '"' + std::string(kMcpTokenBytesMax - 2, 'a') + '"';
  const std::string over = '"' + std::string(kMcpTokenBytesMax - 1, 'a') + '"';
  CHECK(client.send(call(fits)).empty());
  CHECK(client.ask(call(over))["error"]["code"] == -32600);
  CHECK(client.send(call("1", "", R"(,"progressToken":)" + fits)).empty());
  CHECK(client.ask(call("2", "", R"(,"progressToken":)" + over))["error"]["code"] == -32602);
}
