// Anthropic's Messages API, as these pages have it:
//   https://platform.claude.com/docs/en/build-with-claude/streaming (the order of events, ping, error)
//   https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons (pause_turn, refusal)
//   https://platform.claude.com/docs/en/build-with-claude/extended-thinking (budget, signatures go back)
//   https://platform.claude.com/docs/en/build-with-claude/prompt-caching (marks; cached input is not in
//     input_tokens)
//   https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool (blocks, citations, usage)
#include "conversation.hpp"

using namespace toolpost::testing;

namespace {

json start(const json& usage = {{"input_tokens", 10}, {"output_tokens", 1}}) {
  return {{"type", "message_start"},
          {"message",
           {{"id", "msg_1"},
            {"role", "assistant"},
            {"model", "claude-x"},
            {"content", json::array()},
            {"usage", usage}}}};
}
json opened(int index, const json& block) {
  return {{"type", "content_block_start"}, {"index", index}, {"content_block", block}};
}
json delta(int index, const json& delta) {
  return {{"type", "content_block_delta"}, {"index", index}, {"delta", delta}};
}
json text_delta(int index, const std::string& text) {
  return delta(index, {{"type", "text_delta"}, {"text", text}});
}
json closed(int index) {
  return {{"type", "content_block_stop"}, {"index", index}};
}
json finish(const std::string& reason, const json& usage = {{"output_tokens", 15}}) {
  return {{"type", "message_delta"},
          {"delta", {{"stop_reason", reason}, {"stop_sequence", nullptr}}},
          {"usage", usage}};
}
const json kStop = {{"type", "message_stop"}};
const json kText = {{"type", "text"}, {"text", ""}};

json whole(const json& content, const std::string& reason = "end_turn") {
  return {{"type", "message"},     {"role", "assistant"},
          {"model", "claude-x"},   {"content", content},
          {"stop_reason", reason}, {"usage", {{"input_tokens", 3}, {"output_tokens", 2}}}};
}

}  // namespace

TEST_CASE("anthropic: a stream of blocks is put together", "[providers][anthropic]") {
  const Talk chat = talk("anthropic", question({{"temperature", 0.5}}),
                         {stream({start(), opened(0, kText), json{{"type", "ping"}}, text_delta(0, "Hel"),
                                  text_delta(0, "lo"), closed(0), finish("end_turn"), kStop})});
  CHECK(chat.reply == json{{"text", "Hello"},
                           {"model", "claude-x"},
                           {"provider", "anthropic"},
                           {"finish_reason", "stop"},
                           {"truncated", false},
                           {"usage", {{"input_tokens", 10}, {"output_tokens", 15}}}});
  CHECK(chat.sent[0]["headers"]["anthropic-version"] == "2023-06-01");
  CHECK(chat.sent[0]["url"] == "https://anthropic.example/v1/messages");
  CHECK(chat.sent_body() ==
        json{{"model", "m"},
             {"max_tokens", 8192},
             {"messages", {{{"role", "user"}, {"content", {{{"type", "text"}, {"text", "why?"}}}}}}},
             {"temperature", 0.5},
             {"stream", true}});
}

TEST_CASE("anthropic: a whole answer is read the same way", "[providers][anthropic]") {
  const Talk chat =
      talk("anthropic", question(), {body(whole({{{"type", "text"}, {"text", "Hi"}}}, "max_tokens"))},
           {{"stream", false}});
  CHECK(chat.reply["text"] == "Hi");
  CHECK(chat.reply["finish_reason"] == "length");
}

TEST_CASE("anthropic: tool input split over events is joined, and goes back with its thoughts",
          "[providers][anthropic]") {
  const Talk chat = talk(
      "anthropic", question({{"tools", weather_tool()}, {"tool_choice", "required"}}),
      {stream(
          {start(), opened(0, {{"type", "thinking"}, {"thinking", ""}, {"signature", ""}}),
           delta(0, {{"type", "thinking_delta"}, {"thinking", "Ulm "}}),
           delta(0, {{"type", "thinking_delta"}, {"thinking", "it is"}}),
           delta(0, {{"type", "signature_delta"}, {"signature", "c2ln"}}), closed(0),
           opened(1,
                  {{"type", "tool_use"}, {"id", "toolu_1"}, {"name", "weather"}, {"input", json::object()}}),
           delta(1, {{"type", "input_json_delta"}, {"partial_json", ""}}),
           delta(1, {{"type", "input_json_delta"}, {"partial_json", "{\"place\": \"U"}}),
           delta(1, {{"type", "input_json_delta"}, {"partial_json", "lm\"}"}}), closed(1), finish("tool_use"),
           kStop})});
  CHECK(chat.reply["finish_reason"] == "tool_calls");
  CHECK(chat.reply["thinking"] == "Ulm it is");
  CHECK(chat.reply["tool_calls"] ==
        json{{{"id", "toolu_1"}, {"name", "weather"}, {"arguments", {{"place", "Ulm"}}}}});
  CHECK(chat.sent_body()["tool_choice"] == json{{"type", "any"}});
  CHECK(chat.sent_body()["tools"][0]["input_schema"]["type"] == "object");

  json messages = question()["messages"];
  messages.push_back(chat.reply["message"]);
  messages.push_back({{"role", "tool"}, {"tool_call_id", "toolu_1"}, {"content", "rain"}});
  messages.push_back({{"role", "user"}, {"content", "and then?"}});
  const json sent =
      talk("anthropic", question({{"messages", messages}}), {}, {}, "preview").reply["json"]["messages"];
  CHECK(
      sent[1] ==
      json{
          {"role", "assistant"},
          {"content",
           {{{"type", "thinking"}, {"thinking", "Ulm it is"}, {"signature", "c2ln"}},
            {{"type", "tool_use"}, {"id", "toolu_1"}, {"name", "weather"}, {"input", {{"place", "Ulm"}}}}}}});
  // The result and the next question are one turn of the user's.
  REQUIRE(sent.size() == 3);
  CHECK(sent[2]["content"][0] == json{{"type", "tool_result"},
                                      {"tool_use_id", "toolu_1"},
                                      {"content", {{{"type", "text"}, {"text", "rain"}}}}});
  CHECK(sent[2]["content"][1]["text"] == "and then?");
}

TEST_CASE("anthropic: the system text stands apart, calls of other providers become blocks",
          "[providers][anthropic]") {
  const json sent =
      talk("anthropic", question({{"messages", tool_messages()}}), {}, {}, "preview").reply["json"];
  CHECK(sent["system"] == json{{{"type", "text"}, {"text", "Be brief."}}});
  CHECK(sent["messages"][1]["content"][0] ==
        json{{"type", "tool_use"}, {"id", "c1"}, {"name", "weather"}, {"input", {{"place", "Ulm"}}}});
}

TEST_CASE("anthropic: images and files are sources", "[providers][anthropic]") {
  json messages = picture_messages();
  messages[0]["content"].push_back({{"type", "image"}, {"url", "https://x.example/a.png"}});
  messages[0]["content"].push_back({{"type", "file"}, {"id", "file_1"}});
  const Talk chat = talk("anthropic", question({{"messages", messages}}), {}, {}, "preview");
  const json content = chat.reply["json"]["messages"][0]["content"];
  CHECK(content[1]["source"] == json{{"type", "base64"}, {"media_type", "image/png"}, {"data", "iVBORw=="}});
  CHECK(content[2]["source"] == json{{"type", "url"}, {"url", "https://x.example/a.png"}});
  CHECK(content[3] == json{{"type", "document"}, {"source", {{"type", "file"}, {"file_id", "file_1"}}}});
  CHECK(chat.reply["headers"]["anthropic-beta"] == "files-api-2025-04-14");
}

TEST_CASE("anthropic: thinking has a budget below the output limit, and no temperature",
          "[providers][anthropic]") {
  const auto sent = [](const json& more) {
    return talk("anthropic", question(more), {}, {}, "preview").reply["json"];
  };
  const json low = sent({{"thinking", "minimal"}, {"temperature", 0.5}, {"output_tokens_max", 100}});
  CHECK(low["thinking"] == json{{"type", "enabled"}, {"budget_tokens", 1024}});
  CHECK(low["max_tokens"] == 1124);
  CHECK_FALSE(low.contains("temperature"));
  const json facts = {{"thinking_tokens_max", 20'000}, {"output_tokens_max", 24'000}};
  const json most = sent({{"thinking", "max"}, {"model_facts", facts}, {"output_tokens_max", 8000}});
  CHECK(most["thinking"]["budget_tokens"] == 20'000);
  CHECK(most["max_tokens"] == 24'000);
  CHECK_FALSE(sent({{"thinking", "off"}}).contains("thinking"));
}

TEST_CASE("anthropic: the web search is the server's; searches are counted and what they found is cited",
          "[providers][anthropic]") {
  const json cited = {{"type", "web_search_result_location"},
                      {"url", "https://w.example"},
                      {"title", "Weather"},
                      {"cited_text", "It rains"}};
  const Talk chat = talk(
      "anthropic", question({{"web_search", true}}),
      {stream({start(),
               opened(0, {{"type", "server_tool_use"},
                          {"id", "srvtoolu_1"},
                          {"name", "web_search"},
                          {"input", json::object()}}),
               delta(0, {{"type", "input_json_delta"}, {"partial_json", "{\"query\":\"weather\"}"}}),
               closed(0),
               opened(1, {{"type", "web_search_tool_result"},
                          {"tool_use_id", "srvtoolu_1"},
                          {"content", json::array()}}),
               closed(1), opened(2, kText), text_delta(2, "Rain."),
               delta(2, {{"type", "citations_delta"}, {"citation", cited}}), closed(2),
               finish("end_turn", {{"output_tokens", 9}, {"server_tool_use", {{"web_search_requests", 1}}}}),
               kStop})});
  CHECK(chat.reply["text"] == "Rain.");
  CHECK(chat.reply["usage"]["web_searches"] == 1);
  CHECK(chat.reply["citations"] ==
        json{{{"url", "https://w.example"}, {"title", "Weather"}, {"text", "It rains"}}});
  CHECK_FALSE(chat.reply.contains("tool_calls"));
  CHECK(chat.sent_body()["tools"][0]["type"] == "web_search_20250305");
}

TEST_CASE("anthropic: a long search that pauses is asked to go on, and counted as one answer",
          "[providers][anthropic]") {
  const json use = {
      {"type", "server_tool_use"}, {"id", "s1"}, {"name", "web_search"}, {"input", {{"query", "a"}}}};
  const Talk chat = talk("anthropic", question({{"web_search", true}}),
                         {body(whole({{{"type", "text"}, {"text", "Let me see. "}}, use}, "pause_turn")),
                          body(whole({{{"type", "text"}, {"text", "Rain."}}}))},
                         {{"stream", false}});
  REQUIRE(chat.sent.size() == 2);
  CHECK(chat.sent_body(1)["messages"][1]["content"][1] == use);
  CHECK(chat.reply["text"] == "Let me see. Rain.");
  CHECK(chat.reply["usage"] == json{{"input_tokens", 6}, {"output_tokens", 4}});
  const std::vector<json> endless(8, body(whole({use}, "pause_turn")));
  const Talk stopped = talk("anthropic", question({{"web_search", true}}), endless, {{"stream", false}});
  CHECK(stopped.sent.size() == 5);
  CHECK(stopped.reply["truncated"] == true);
}

TEST_CASE("anthropic: what a cache gave and took is counted, and marks are set where asked",
          "[providers][anthropic]") {
  const json usage = {{"input_tokens", 5},
                      {"cache_read_input_tokens", 100},
                      {"cache_creation_input_tokens", 20},
                      {"output_tokens", 1}};
  const json request =
      question({{"cache", "thread-1"},
                {"messages",
                 {{{"role", "system"}, {"content", "Be brief."}}, {{"role", "user"}, {"content", "why?"}}}}});
  const Talk chat =
      talk("anthropic", request,
           {stream({start(usage), opened(0, kText), text_delta(0, "x"), finish("end_turn"), kStop})});
  CHECK(chat.reply["usage"] == json{{"input_tokens", 125},
                                    {"output_tokens", 15},
                                    {"cached_input_tokens", 100},
                                    {"cache_write_tokens", 20}});
  CHECK(chat.sent_body()["system"][0]["cache_control"] == json{{"type", "ephemeral"}});
  CHECK(chat.sent_body()["messages"][0]["content"][0]["cache_control"] == json{{"type", "ephemeral"}});
}

TEST_CASE("anthropic: a refusal in a good answer is told as one", "[providers][anthropic]") {
  const Talk chat =
      talk("anthropic", question(),
           {stream({start(), opened(0, kText), text_delta(0, "I won't."), finish("refusal"), kStop})});
  CHECK(chat.status == TOOLPOST_CONTENT_BLOCKED);
  CHECK(chat.error.find("I won't.") != std::string::npos);
  CHECK(talk("anthropic", question(), {body(whole(json::array(), "refusal"))}).status ==
        TOOLPOST_CONTENT_BLOCKED);
}

TEST_CASE("anthropic: an error inside a stream ends the call with its meaning", "[providers][anthropic]") {
  const auto ended = [](const std::string& type) {
    return talk("anthropic", question(),
                {stream({start(),
                         json{{"type", "error"}, {"error", {{"type", type}, {"message", "so it is"}}}}})})
        .status;
  };
  CHECK(ended("overloaded_error") == TOOLPOST_UNAVAILABLE);
  CHECK(ended("rate_limit_error") == TOOLPOST_RATE_LIMITED);
  CHECK(ended("api_error") == TOOLPOST_UNAVAILABLE);
  CHECK(ended("invalid_request_error") == TOOLPOST_INVALID_INPUT);
  CHECK(ended("authentication_error") == TOOLPOST_UNAUTHENTICATED);
}

TEST_CASE("anthropic: a broken stream gives what came, cut characters whole", "[providers][anthropic]") {
  const std::string head = R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":")";
  const Talk chat = talk(
      "anthropic", question(),
      {stream_of({start().dump(), opened(0, kText).dump(), head + "\xe4\xbd\"}}", head + "\xa0\"}}", head},
                 true)});
  CHECK(chat.reply["text"] == "\xe4\xbd\xa0");
  CHECK(chat.reply["truncated"] == true);
}

TEST_CASE("anthropic: more blocks than any answer has are refused", "[providers][anthropic]") {
  CHECK(talk("anthropic", question(), {stream({start(), opened(255, kText), finish("end_turn")})}).status ==
        TOOLPOST_OK);
  CHECK(talk("anthropic", question(), {stream({start(), opened(256, kText)})}).status ==
        TOOLPOST_BAD_UPSTREAM);
  CHECK(talk("anthropic", question(), {stream({opened(0, kText)})}).status == TOOLPOST_BAD_UPSTREAM);
}

TEST_CASE("anthropic: JSON is asked for in words", "[providers][anthropic]") {
  const json sent =
      talk("anthropic", question({{"json", {{"type", "object"}}}}), {}, {}, "preview").reply["json"];
  CHECK(sent["system"][0]["text"].get<std::string>().find("JSON Schema: {\"type\":\"object\"}") !=
        std::string::npos);
}

TEST_CASE("anthropic: models and files", "[providers][anthropic]") {
  CHECK(talk("anthropic", json::object(),
             {body({{"data", json::array({json{{"type", "model"}, {"id", "claude-x"}}})},
                    {"has_more", false}})},
             {}, "models")
            .reply == json{{"models", json::array({"claude-x"})}});
  const Talk sent =
      talk("anthropic", {{"name", "a.pdf"}, {"media_type", "application/pdf"}, {"data_base64", "JVBERg=="}},
           {body({{"id", "file_1"}})}, {}, "upload");
  CHECK(sent.reply == json{{"id", "file_1"}});
  CHECK(sent.sent[0]["headers"]["anthropic-beta"] == "files-api-2025-04-14");
}
