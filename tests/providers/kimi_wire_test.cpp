// Moonshot's extensions of chat completions, as these pages have them:
//   https://platform.kimi.ai/docs/guide/use-web-search ($web_search; its arguments go back as they came)
//   https://platform.kimi.ai/docs/guide/use-kimi-api-to-complete-tool-calls (calls in pieces)
//   https://platform.kimi.ai/docs/api/chat (usage within the choice, thinking, prompt_cache_key)
//   https://platform.kimi.ai/docs/guide/use-kimi-api-for-file-based-qa (purpose file-extract, content)
#include "conversation.hpp"

using namespace toolpost::testing;

namespace {

// Spaces, order and escapes as no JSON writer of ours would put them: they must come back like this.
const std::string kArguments =
    R"({ "search_result": {"search_id":"a\u0062c"},  "usage":{"total_tokens":13046} })";

json delta(const json& delta, const json& finish = nullptr) {
  json choice = {{"index", 0}, {"delta", delta}};
  if (!finish.is_null()) choice["finish_reason"] = finish;
  return {{"model", "kimi-k2"}, {"choices", json::array({choice})}};
}

json call_piece(const std::string& id, const std::string& name, const std::string& arguments, int index = 0) {
  json call = {{"index", index}, {"function", {{"arguments", arguments}}}};
  if (!id.empty()) {
    call["id"] = id;
    call["type"] = "builtin_function";
    call["function"]["name"] = name;
  }
  return delta({{"tool_calls", json::array({call})}});
}

json usage_end(const std::string& finish, int input, int output) {
  json piece = delta(json::object(), finish);
  piece["choices"][0]["usage"] = {
      {"prompt_tokens", input}, {"completion_tokens", output}, {"cached_tokens", 2}};
  return piece;
}

json search_stream() {
  return stream({call_piece("call_1", "$web_search", kArguments.substr(0, 20)),
                 call_piece("", "", kArguments.substr(20)), usage_end("tool_calls", 10, 5), "[DONE]"});
}

}  // namespace

TEST_CASE("kimi: $web_search goes back with its arguments unchanged, and is counted", "[providers][kimi]") {
  const Talk chat = talk("kimi", question({{"web_search", true}}),
                         {search_stream(), search_stream(),
                          stream({delta({{"content", "Rain."}}), usage_end("stop", 100, 3), "[DONE]"})});
  CHECK(chat.reply["text"] == "Rain.");
  CHECK(chat.reply["usage"] ==
        json{{"input_tokens", 120}, {"output_tokens", 13}, {"cached_input_tokens", 6}, {"web_searches", 2}});
  CHECK_FALSE(chat.reply.contains("tool_calls"));
  REQUIRE(chat.sent.size() == 3);
  CHECK(chat.sent_body()["tools"] ==
        json::array({{{"type", "builtin_function"}, {"function", {{"name", "$web_search"}}}}}));
  const json messages = chat.sent_body(1)["messages"];
  REQUIRE(messages.size() == 3);
  CHECK(messages[1]["tool_calls"][0]["function"]["arguments"] == kArguments);
  CHECK(messages[2] ==
        json{{"role", "tool"}, {"tool_call_id", "call_1"}, {"name", "$web_search"}, {"content", kArguments}});
  CHECK(chat.sent_body(2)["messages"].size() == 5);
}

TEST_CASE("kimi: searching without end is stopped", "[providers][kimi]") {
  const Talk chat = talk("kimi", question({{"web_search", true}}), std::vector<json>(9, search_stream()));
  CHECK(chat.status == TOOLPOST_EXHAUSTED);
  CHECK(chat.sent.size() == 7);
  CHECK(chat.error.find("without web search") != std::string::npos);
}

TEST_CASE("kimi: a search whose stream broke is not sent back", "[providers][kimi]") {
  const Talk chat = talk("kimi", question({{"web_search", true}}),
                         {stream({call_piece("call_1", "$web_search", "{\"sea")}, true)});
  CHECK(chat.sent.size() == 1);
  CHECK(chat.reply["truncated"] == true);
  CHECK_FALSE(chat.reply.contains("tool_calls"));
}

TEST_CASE("kimi: a caller's tool beside a search is the caller's; the search waits in the message",
          "[providers][kimi]") {
  const Talk chat = talk("kimi", question({{"web_search", true}, {"tools", weather_tool()}}),
                         {stream({call_piece("s", "$web_search", kArguments, 0),
                                  call_piece("w", "weather", "{}", 1), usage_end("tool_calls", 1, 1)})});
  REQUIRE(chat.reply["tool_calls"].size() == 1);
  CHECK(chat.reply["tool_calls"][0]["id"] == "w");
  json messages = question()["messages"];
  messages.push_back(chat.reply["message"]);
  messages.push_back({{"role", "tool"}, {"tool_call_id", "w"}, {"content", "rain"}});
  const json sent =
      talk("kimi", question({{"messages", messages}}), {}, {}, "preview").reply["json"]["messages"];
  REQUIRE(sent.size() == 4);
  CHECK(sent[1]["tool_calls"].size() == 2);
  CHECK(sent[2]["content"] == kArguments);
  CHECK(sent[3]["content"] == "rain");
}

TEST_CASE("kimi: thoughts go back with the calls they led to", "[providers][kimi]") {
  const Talk chat = talk("kimi", question({{"tools", weather_tool()}}),
                         {stream({delta({{"reasoning_content", "Ulm?"}}), call_piece("w", "weather", "{}"),
                                  usage_end("tool_calls", 1, 1)})});
  json messages = question()["messages"];
  messages.push_back(chat.reply["message"]);
  messages.push_back({{"role", "tool"}, {"tool_call_id", "w"}, {"content", "rain"}});
  const json sent =
      talk("kimi", question({{"messages", messages}}), {}, {}, "preview").reply["json"]["messages"];
  CHECK(sent[1]["reasoning_content"] == "Ulm?");
}

TEST_CASE("kimi: thinking is switched where it can be, and off while searching", "[providers][kimi]") {
  const auto sent = [](json more) {
    return talk("kimi", question(std::move(more)), {}, {}, "preview").reply["json"];
  };
  CHECK(sent({{"model", "kimi-k2.5"}, {"thinking", "high"}})["thinking"] == json{{"type", "enabled"}});
  CHECK(sent({{"model", "kimi-k2.5"}, {"thinking", "off"}})["thinking"] == json{{"type", "disabled"}});
  CHECK(sent({{"model", "kimi-k2.5"}, {"thinking", "high"}, {"web_search", true}})["thinking"] ==
        json{{"type", "disabled"}});
  CHECK_FALSE(sent({{"model", "kimi-k2-thinking"}, {"thinking", "high"}}).contains("thinking"));
}

TEST_CASE("kimi: a conversation's cache is named by its key, one made beforehand by a message",
          "[providers][kimi]") {
  const auto sent = [](const char* cache) {
    return talk("kimi", question({{"cache", cache}}), {}, {}, "preview").reply["json"];
  };
  CHECK(sent("thread-1")["prompt_cache_key"] == "thread-1");
  CHECK(sent("cache-abc")["messages"][0] ==
        json{{"role", "cache"}, {"content", "cache_id=cache-abc;reset_ttl=3600"}});
}

TEST_CASE("kimi: a file is sent, read and taken away again", "[providers][kimi]") {
  const json file = {{"name", "a.pdf"}, {"data_base64", "JVBERg=="}};
  const Talk read =
      talk("kimi", file,
           {body({{"id", "f1"}}), body({{"content", "The text."}, {"file_type", "application/pdf"}}),
            body({{"deleted", true}})},
           {}, "extract");
  CHECK(read.reply == json{{"text", "The text."}});
  REQUIRE(read.sent.size() == 3);
  CHECK(read.sent[1]["url"] == "https://kimi.example/v1/files/f1/content");
  CHECK(read.sent[2]["method"] == "DELETE");
  const std::string form =
      toolpost::provider::from_base64_text(read.sent[0]["body_base64"].get<std::string>());
  CHECK(form.find("file-extract") != std::string::npos);

  json kept = file;
  kept["keep"] = true;
  const json plain = {{"status", 200}, {"body_text", "Plain."}, {"truncated", false}};
  CHECK(talk("kimi", kept, {body({{"id", "f1"}}), plain}, {}, "extract").reply ==
        json{{"text", "Plain."}, {"id", "f1"}});
  // What cannot be taken away is told; the text is what was asked for.
  CHECK(talk("kimi", file, {body({{"id", "f1"}}), plain}, {}, "extract").reply ==
        json{{"text", "Plain."}, {"id", "f1"}});
  CHECK(talk("kimi", file, {body({{"id", "f1"}}), body({{"error", {{"message", "no"}}}}, 400)}, {}, "extract")
            .status == TOOLPOST_INVALID_INPUT);
}
