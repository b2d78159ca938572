// Questions to the client: requests of ours in the legacy era, unfinished answers in the stateless revision,
// and how both look on the wire.
#include "mcp/mcp_question.hpp"

#include "mcp_client.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

std::string initialize(std::string_view version, std::string_view capabilities) {
  return R"({"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":")" +
         std::string(version) + R"(","capabilities":)" + std::string(capabilities) + "}}";
}

McpAbilities abilities_after(std::string_view version, std::string_view capabilities) {
  McpClient client;
  client.send(initialize(version, capabilities));
  client.send(McpClient::legacy("1", "tools/call", R"({"name":"echo"})"));
  return client.calls.at(0).abilities;
}

}  // namespace

TEST_CASE("questions: a legacy client is asked by what it declared when it opened", "[mcp][ask]") {
  CHECK_FALSE(abilities_after("2025-11-25", "{}").asks_user);
  CHECK_FALSE(abilities_after("2025-11-25", "{}").asks_model);
  CHECK(abilities_after("2025-11-25", R"({"elicitation":{}})").asks_user);
  CHECK(abilities_after("2025-11-25", R"({"elicitation":{"form":{},"url":{}}})").asks_user);
  CHECK_FALSE(abilities_after("2025-11-25", R"({"elicitation":{"url":{}}})").asks_user);
  CHECK_FALSE(abilities_after("2025-03-26", R"({"elicitation":{}})").asks_user);
  CHECK(abilities_after("2024-11-05", R"({"sampling":{}})").asks_model);
}

TEST_CASE("questions: a modern request says for itself what its client can do", "[mcp][ask]") {
  McpClient client;
  std::string line = McpClient::modern("1", "tools/call", R"("name":"echo",)");
  const std::string none = R"(clientCapabilities":{})";
  line.replace(line.find(none), none.size(), R"(clientCapabilities":{"sampling":{},"elicitation":{}})");
  client.send(line);
  client.send(McpClient::modern("2", "tools/call", R"("name":"echo",)"));
  CHECK(client.calls.at(0).abilities.asks_user);
  CHECK(client.calls.at(0).abilities.asks_model);
  CHECK_FALSE(client.calls.at(1).abilities.asks_user);
}

TEST_CASE("questions: each is a request with an id of its own, answered once", "[mcp][ask]") {
  McpClient client;
  client.initialize("2025-11-25");
  CHECK(client.core.ask(kMcpElicit, R"({"message":"m"})") == 1);
  const json request = McpClient::one(client.take());
  CHECK(request["method"] == "elicitation/create");
  CHECK(request["params"]["message"] == "m");
  CHECK(request["id"] == "toolpost-1");
  for (const char* foreign : {R"("toolpost-2")", R"("toolpost-")", R"("toolpost-1x")", "1", R"("1")", "null"})
    CHECK(client.send(R"({"jsonrpc":"2.0","id":)" + std::string(foreign) + R"(,"result":{}})").empty());
  CHECK(client.answers.empty());
  const std::string answer =
      R"({"jsonrpc":"2.0","id":"toolpost-1","result":{"action":"accept","content":{"a":1.50}}})";
  CHECK(client.send(answer).empty());
  CHECK(client.send(answer).empty());
  REQUIRE(client.answers.size() == 1);
  CHECK(client.answers[0].result == R"({"action":"accept","content":{"a":1.50}})");
  CHECK(client.core.ask(kMcpElicit, "{}") == 2);
  client.take();
  client.send(R"({"jsonrpc":"2.0","id":"toolpost-2","error":{"code":-32601,"message":"no"}})");
  CHECK(client.answers.at(1).refusal == "no");
  CHECK(client.answers.at(1).result.empty());
}

TEST_CASE("questions: one that is withdrawn says so once, and its answer is nobody's", "[mcp][ask]") {
  McpClient client;
  client.initialize("2025-11-25");
  const auto question = client.core.ask(kMcpSample, "{}");
  client.take();
  client.core.withdraw(question);
  const json said = McpClient::one(client.take());
  CHECK(said["method"] == "notifications/cancelled");
  CHECK(said["params"]["requestId"] == "toolpost-1");
  client.core.withdraw(question);
  CHECK(client.take().empty());
  client.send(R"({"jsonrpc":"2.0","id":"toolpost-1","result":{}})");
  CHECK(client.answers.empty());
}

TEST_CASE("tools changed: a legacy client is told, one that has not opened is not", "[mcp]") {
  McpClient client;
  client.core.tools_changed();
  CHECK(client.take().empty());
  client.initialize("2025-06-18");
  client.core.tools_changed();
  CHECK(McpClient::one(client.take()) ==
        json{{"jsonrpc", "2.0"}, {"method", "notifications/tools/list_changed"}});
}

TEST_CASE("questions: an unfinished answer names them, and frees the request's id", "[mcp][ask]") {
  McpClient client;
  client.send(McpClient::modern("7", "tools/call", R"("name":"echo",)"));
  client.core.need_input(client.calls.at(0).number, R"({"ask.0":{"method":"elicitation/create"}})", "state",
                         R"("toolpost/call":{"turns":1})");
  const json answer = McpClient::one(client.take());
  CHECK(answer["id"] == 7);
  CHECK(answer["result"]["resultType"] == "input_required");
  CHECK(answer["result"]["inputRequests"]["ask.0"]["method"] == "elicitation/create");
  CHECK(answer["result"]["requestState"] == "state");
  CHECK(answer["result"]["_meta"]["toolpost/call"]["turns"] == 1);
  CHECK(client.core.calls_in_flight() == 0);
  client.core.need_input(client.calls.at(0).number, "{}", "state", R"("toolpost/call":{"turns":1})");
  CHECK(client.take().empty());
}

TEST_CASE("questions: the next call brings state and answers, in their right form", "[mcp][ask]") {
  McpClient client;
  const auto call = [&](const std::string& members) {
    return client.send(McpClient::modern("1", "tools/call", R"("name":"now",)" + members));
  };
  call(R"("requestState":"s","inputResponses":{"ask.0":{"action":"cancel"}},)");
  CHECK(client.calls.at(0).request_state == "s");
  CHECK(client.calls.at(0).input_responses == R"({"ask.0":{"action":"cancel"}})");
  call("");
  CHECK(client.calls.at(1).request_state.empty());
  CHECK(client.calls.at(1).input_responses == "{}");
  for (const char* bad : {R"("requestState":7,)", R"("requestState":"",)", R"("inputResponses":[],)"})
    CHECK(McpClient::one(call(bad))["error"]["code"] == -32602);
  call(R"("requestState":")" + std::string(4096, 's') + "\",");
  CHECK(client.calls.size() == 3);
  CHECK(McpClient::one(call(R"("requestState":")" + std::string(4097, 's') + "\","))["error"]["code"] ==
        -32602);
}

TEST_CASE("questions: a sample's parts become messages that every revision knows", "[mcp][ask]") {
  const json params = json::parse(mcp_sampling_params(
      R"({"messages":[{"role":"user","content":[{"type":"text","text":"look"},
          {"type":"image","media_type":"image/png","data_base64":"AAAA"}]},{"role":"assistant","content":"hm"}],
          "system":"s","output_tokens_max":9,"temperature":0.5,"stop":["x"],"model":"m"})"));
  CHECK(params["messages"] == json::parse(R"([{"role":"user","content":{"type":"text","text":"look"}},
                        {"role":"user","content":{"type":"image","data":"AAAA","mimeType":"image/png"}},
                        {"role":"assistant","content":{"type":"text","text":"hm"}}])"));
  CHECK(params["systemPrompt"] == "s");
  CHECK(params["maxTokens"] == 9);
  CHECK(params["temperature"] == 0.5);
  CHECK(params["stopSequences"] == json{"x"});
  CHECK(params["modelPreferences"]["hints"][0]["name"] == "m");
  CHECK_FALSE(params.contains("includeContext"));
  CHECK(json::parse(mcp_sampling_params(R"({"messages":[]})"))["maxTokens"] == 4096);
}

TEST_CASE("questions: answers are read in one form, and refused in others", "[mcp][ask]") {
  const auto sampled = [](std::string_view text) { return json::parse(*read_mcp_sampling(text)); };
  const json one = sampled(
      R"({"role":"assistant","model":"m","stopReason":"maxTokens","content":{"type":"text","text":"a"}})");
  CHECK(one == json{{"text", "a"}, {"model", "m"}, {"finish_reason", "length"}});
  const json list =
      sampled(R"({"content":[{"type":"text","text":"a"},{"type":"image"},{"type":"text","text":"b"}]})");
  CHECK(list == json{{"text", "ab"}, {"model", ""}, {"finish_reason", "stop"}});
  for (const char* bad : {"null", "{}", R"({"content":{"type":"image"}})", R"({"content":[]})", "7"})
    CHECK(read_mcp_sampling(bad).error().code == Errc::bad_upstream);
  for (const char* bad : {"null", "{}", R"({"action":"maybe"})", R"({"action":"accept","content":7})"})
    CHECK(read_mcp_elicitation(bad).error().code == Errc::bad_upstream);
  CHECK(json::parse(*read_mcp_elicitation(R"({"action":"accept"})")) ==
        json{{"action", "accept"}, {"content", json::object()}});
}
