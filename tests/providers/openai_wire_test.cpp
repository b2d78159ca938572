// OpenAI's chat completions, and what the servers that copy them make of it. What OpenAI documents:
//   https://platform.openai.com/docs/api-reference/chat/object (answers, finish_reason, refusal)
//   https://platform.openai.com/docs/api-reference/chat-streaming/streaming (pieces; the last has usage
//   alone) https://platform.openai.com/docs/guides/function-calling (calls, and their pieces in a stream)
// and others beside it:
//   https://openrouter.ai/docs/api-reference/overview (cost in usage, annotations, errors within a choice)
//   https://learn.microsoft.com/azure/ai-foundry/openai/reference (Azure: prompt_filter_results, api-version)
//   https://docs.x.ai/docs/guides/tools/overview (X.AI searches by /responses alone)
#include "conversation.hpp"

using namespace toolpost::testing;

namespace {

json piece(const json& delta, const json& finish = nullptr) {
  return {{"id", "chatcmpl-1"},
          {"object", "chat.completion.chunk"},
          {"model", "gpt-x-2026"},
          {"choices", {{{"index", 0}, {"delta", delta}, {"finish_reason", finish}}}}};
}

json usage_piece() {
  return {{"id", "chatcmpl-1"},
          {"object", "chat.completion.chunk"},
          {"model", "gpt-x-2026"},
          {"choices", json::array()},
          {"usage",
           {{"prompt_tokens", 20},
            {"completion_tokens", 7},
            {"total_tokens", 27},
            {"prompt_tokens_details", {{"cached_tokens", 16}}},
            {"completion_tokens_details", {{"reasoning_tokens", 4}}}}}};
}

json whole(const json& message, const std::string& finish = "stop") {
  return {{"model", "gpt-x-2026"},
          {"choices", {{{"index", 0}, {"message", message}, {"finish_reason", finish}}}},
          {"usage", {{"prompt_tokens", 3}, {"completion_tokens", 2}}}};
}

const json kOpenAi = {{"base_url", "https://api.openai.com/v1"}};

}  // namespace

TEST_CASE("openai: a stream is put together, usage from its last piece", "[providers][openai]") {
  const Talk chat =
      talk("openai", question({{"temperature", 0.2}, {"output_tokens_max", 100}}),
           {stream({piece({{"role", "assistant"}, {"content", ""}}), piece({{"content", "Hel"}}),
                    piece({{"content", "lo"}}), piece(json::object(), "stop"), usage_piece(), "[DONE]"})});
  REQUIRE(chat.status == TOOLPOST_OK);
  CHECK(chat.reply == json{{"text", "Hello"},
                           {"model", "gpt-x-2026"},
                           {"provider", "openai"},
                           {"finish_reason", "stop"},
                           {"truncated", false},
                           {"usage",
                            {{"input_tokens", 20},
                             {"output_tokens", 7},
                             {"cached_input_tokens", 16},
                             {"thinking_tokens", 4}}}});
  CHECK(chat.sent[0]["url"] == "https://openai.example/v1/chat/completions");
  CHECK(chat.sent_body() == json{{"model", "m"},
                                 {"messages", {{{"role", "user"}, {"content", "why?"}}}},
                                 {"temperature", 0.2},
                                 {"max_tokens", 100},
                                 {"stream", true},
                                 {"stream_options", {{"include_usage", true}}}});
}

TEST_CASE("openai: a whole answer is read the same way", "[providers][openai]") {
  const Talk chat = talk("openai", question(), {body(whole({{"role", "assistant"}, {"content", "Hi"}}))},
                         {{"stream", false}});
  CHECK(chat.reply["text"] == "Hi");
  CHECK(chat.reply["truncated"] == false);
  CHECK(chat.reply["usage"] == json{{"input_tokens", 3}, {"output_tokens", 2}});
  CHECK_FALSE(chat.sent_body().contains("stream"));
}

TEST_CASE("openai: tool calls split over events are joined, several side by side", "[providers][openai]") {
  const auto call = [](int index, const json& rest) {
    json one = rest;
    one["index"] = index;
    return piece({{"tool_calls", json::array({one})}});
  };
  const Talk chat = talk(
      "openai", question({{"tools", weather_tool()}, {"tool_choice", "required"}}),
      {stream(
          {piece({{"role", "assistant"}, {"content", nullptr}}),
           call(0,
                {{"id", "c1"}, {"type", "function"}, {"function", {{"name", "weather"}, {"arguments", ""}}}}),
           call(0, {{"function", {{"arguments", "{\"pla"}}}}),
           call(
               1,
               {{"id", "c2"}, {"type", "function"}, {"function", {{"name", "weather"}, {"arguments", "{"}}}}),
           call(0, {{"function", {{"arguments", "ce\":\"Ulm\"}"}}}}),
           call(1, {{"function", {{"arguments", "}"}}}}), piece(json::object(), "tool_calls"), "[DONE]"})});
  CHECK(chat.reply["finish_reason"] == "tool_calls");
  const json calls = {{{"id", "c1"}, {"name", "weather"}, {"arguments", {{"place", "Ulm"}}}},
                      {{"id", "c2"}, {"name", "weather"}, {"arguments", json::object()}}};
  CHECK(chat.reply["tool_calls"] == calls);
  CHECK(chat.reply["message"] == json{{"role", "assistant"}, {"content", ""}, {"tool_calls", calls}});
  CHECK(chat.sent_body()["tool_choice"] == "required");
  CHECK(chat.sent_body()["tools"][0]["function"]["parameters"]["properties"].contains("place"));
}

TEST_CASE("openai: calls that all claim index 0 are told apart by their ids", "[providers][openai]") {
  const auto call = [](const std::string& id) {
    return piece({{"tool_calls",
                   {{{"index", 0}, {"id", id}, {"function", {{"name", "weather"}, {"arguments", "{}"}}}}}}});
  };
  const Talk chat =
      talk("openai", question(), {stream({call("a"), call("b"), piece(json::object(), "tool_calls")})});
  REQUIRE(chat.reply["tool_calls"].size() == 2);
  CHECK(chat.reply["tool_calls"][1]["id"] == "b");
}

TEST_CASE("openai: arguments that are no JSON are handed over as text", "[providers][openai]") {
  const json message = {
      {"role", "assistant"},
      {"tool_calls", {{{"id", "c"}, {"function", {{"name", "f"}, {"arguments", "{\"a\":"}}}}}}};
  const Talk chat = talk("openai", question(), {body(whole(message, "length"))});
  CHECK(chat.reply["tool_calls"][0]["arguments_text"] == "{\"a\":");
  CHECK(chat.reply["tool_calls"][0]["arguments"] == json::object());
}

TEST_CASE("openai: more calls than any model makes are refused", "[providers][openai]") {
  const auto far = [](int index) {
    return piece({{"tool_calls", {{{"index", index}, {"id", "c"}, {"function", {{"name", "f"}}}}}}});
  };
  CHECK(talk("openai", question(), {stream({far(127), piece(json::object(), "tool_calls")})}).status ==
        TOOLPOST_OK);
  CHECK(talk("openai", question(), {stream({far(128)})}).status == TOOLPOST_BAD_UPSTREAM);
}

TEST_CASE("openai: a tool's result and the call before it go back", "[providers][openai]") {
  const Talk chat = talk("openai", question({{"messages", tool_messages()}}), {}, {}, "preview");
  const json messages = chat.reply["json"]["messages"];
  CHECK(messages[2] == json{{"role", "assistant"},
                            {"content", nullptr},
                            {"tool_calls",
                             {{{"id", "c1"},
                               {"type", "function"},
                               {"function", {{"name", "weather"}, {"arguments", R"({"place":"Ulm"})"}}}}}}});
  CHECK(messages[3] == json{{"role", "tool"}, {"tool_call_id", "c1"}, {"content", "rain"}});
}

TEST_CASE("openai: images go as data URLs, files by their id", "[providers][openai]") {
  json messages = picture_messages();
  messages[0]["content"].push_back({{"type", "image"}, {"url", "https://x.example/a.png"}});
  messages[0]["content"].push_back({{"type", "file"}, {"id", "file-1"}});
  const Talk chat = talk("openai", question({{"messages", messages}}), {}, {}, "preview");
  CHECK(chat.reply["json"]["messages"][0]["content"] ==
        json{{{"type", "text"}, {"text", "what is this?"}},
             {{"type", "image_url"}, {"image_url", {{"url", "data:image/png;base64,iVBORw=="}}}},
             {{"type", "image_url"}, {"image_url", {{"url", "https://x.example/a.png"}}}},
             {{"type", "file"}, {"file", {{"file_id", "file-1"}}}}});
}

TEST_CASE("openai: thinking is read by both its names", "[providers][openai]") {
  for (const char* name : {"reasoning_content", "reasoning"}) {
    const Talk chat =
        talk("openai", question(),
             {stream({piece({{name, "hm, "}}), piece({{name, "yes"}}), piece({{"content", "42"}}, "stop")})});
    CHECK(chat.reply["thinking"] == "hm, yes");
    CHECK(chat.reply["text"] == "42");
  }
}

TEST_CASE("openai: pieces without choices before and after the answer do no harm", "[providers][openai]") {
  const json filter = {
      {"model", ""}, {"choices", json::array()}, {"prompt_filter_results", json::array()}};  // Azure's
  const Talk chat = talk("openai", question(),
                         {stream({filter, piece({{"content", "ok"}}, "stop"), usage_piece(), "[DONE]"})});
  CHECK(chat.reply["text"] == "ok");
  CHECK(chat.reply["model"] == "gpt-x-2026");
}

TEST_CASE("openai: a good status without any choice is the server's fault", "[providers][openai]") {
  for (const json& answer :
       {body({{"choices", json::array()}}), stream({usage_piece(), "[DONE]"}), stream({"[DONE]"}),
        body({{"choices", nullptr}}), body({{"choices", {nullptr}}})}) {
    const Talk chat = talk("openai", question(), {answer});
    CHECK(chat.status == TOOLPOST_BAD_UPSTREAM);
    CHECK(chat.error.find("200 without an answer") != std::string::npos);
  }
}

TEST_CASE("openai: a refusal in a good answer is told as one, whole", "[providers][openai]") {
  const Talk once =
      talk("openai", question(), {body(whole({{"content", nullptr}, {"refusal", "I can't help."}}))});
  CHECK(once.status == TOOLPOST_CONTENT_BLOCKED);
  CHECK(once.error.find("I can't help.") != std::string::npos);
  const Talk streamed = talk("openai", question(),
                             {stream({piece({{"refusal", "I can't"}}), piece({{"refusal", " help."}}),
                                      piece(json::object(), "stop")})});
  CHECK(streamed.status == TOOLPOST_CONTENT_BLOCKED);
  CHECK(streamed.error.find("I can't help.") != std::string::npos);
  const Talk filtered = talk("openai", question(),
                             {stream({piece({{"content", "x"}}), piece(json::object(), "content_filter")})});
  CHECK(filtered.status == TOOLPOST_CONTENT_BLOCKED);
}

TEST_CASE("openai: a broken or short stream gives what came, marked", "[providers][openai]") {
  const Talk broken =
      talk("openai", question(), {stream({piece({{"content", "half"}}), "{\"choices\":[{\"del"}, true)});
  CHECK(broken.reply["text"] == "half");
  CHECK(broken.reply["truncated"] == true);
  const Talk silent = talk("openai", question(), {stream({piece({{"content", "half"}})})});
  CHECK(silent.reply["truncated"] == true);
  const Talk done = talk("openai", question(), {stream({piece({{"content", "all"}}), "[DONE]"})});
  CHECK(done.reply["truncated"] == false);
}

TEST_CASE("openai: a stream cut within a character is whole again", "[providers][openai]") {
  const std::string head = R"({"choices":[{"delta":{"content":")";
  const Talk bytes =
      talk("openai", question(),
           {stream_of({head + "\xe4\xbd\"}}]}", head + "\xa0!\"},\"finish_reason\":\"stop\"}]}"})});
  CHECK(bytes.reply["text"] == "\xe4\xbd\xa0!");
  const Talk escapes =
      talk("openai", question(),
           {stream_of({head + R"(\ud83d"}}]})", head + R"(\ude00"},"finish_reason":"stop"}]})"})});
  CHECK(escapes.reply["text"] == "\xf0\x9f\x98\x80");
}

TEST_CASE("openai: each server gets its own words for thinking, searching and caching",
          "[providers][openai]") {
  const auto sent = [](const char* url, json more) {
    more["cache"] = "thread-1";
    return talk("openai", question(std::move(more)), {}, {{"base_url", url}}, "preview").reply["json"];
  };
  const json openai = sent("https://api.openai.com/v1",
                           {{"thinking", "max"}, {"web_search", true}, {"output_tokens_max", 5}});
  CHECK(openai["reasoning_effort"] == "high");
  CHECK(openai["prompt_cache_key"] == "thread-1");
  CHECK(openai["max_completion_tokens"] == 5);
  CHECK_FALSE(openai.contains("web_search_options"));
  CHECK(sent("https://api.openai.com/v1", {{"model", "gpt-5-search-api"}, {"web_search", true}})
            .contains("web_search_options"));
  const json router = sent("https://openrouter.ai/api/v1", {{"thinking", "low"}, {"web_search", true}});
  CHECK(router["reasoning"] == json{{"effort", "low"}});
  CHECK(router["plugins"] == json::array({json{{"id", "web"}}}));
  CHECK(router["usage"] == json{{"include", true}});
  CHECK_FALSE(router.contains("prompt_cache_key"));
  CHECK(sent("https://openrouter.ai/api/v1", {{"thinking", "off"}})["reasoning"] == json{{"enabled", false}});
  CHECK(sent("https://api.deepseek.com", {{"thinking", "off"}})["thinking"] == json{{"type", "disabled"}});
  CHECK(sent("https://api.x.ai/v1", {{"thinking", "low"}})["reasoning_effort"] == "low");
  // X.AI answers search_parameters with 410 and searches by another interface: it is asked for nothing.
  const json xai = sent("https://api.x.ai/v1", {{"web_search", true}});
  CHECK_FALSE(xai.contains("search_parameters"));
  CHECK_FALSE(xai.contains("tools"));
  // A strict server of one's own refuses what it does not know, so it gets nothing of all that.
  const json local = sent("http://127.0.0.1:11434/v1", {{"thinking", "high"}, {"web_search", true}});
  CHECK(local.size() == 4);
}

TEST_CASE("openai: Azure's older form names deployment and version in the URL", "[providers][openai]") {
  const json config = {{"base_url", "https://x.openai.azure.com/openai/"}, {"api_version", "2024-10-21"}};
  CHECK(talk("openai", question({{"model", "my-gpt"}}), {}, config, "preview").reply["url"] ==
        "https://x.openai.azure.com/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21");
}

TEST_CASE("openai: a wanted schema is sent as one", "[providers][openai]") {
  const json schema = {{"type", "object"}};
  const json format =
      talk("openai", question({{"json", schema}}), {}, kOpenAi, "preview").reply["json"]["response_format"];
  CHECK(format["type"] == "json_schema");
  CHECK(format["json_schema"]["schema"] == schema);
  CHECK(talk("openai", question({{"json", true}}), {}, kOpenAi, "preview").reply["json"]["response_format"] ==
        json{{"type", "json_object"}});
  CHECK_FALSE(talk("openai", question({{"json", false}}), {}, kOpenAi, "preview")
                  .reply["json"]
                  .contains("response_format"));
}

TEST_CASE("openai: what a search found is cited and counted; what cannot search says so",
          "[providers][openai]") {
  const json message = {
      {"content", "It rains."},
      {"annotations",
       {{{"type", "url_citation"}, {"url_citation", {{"url", "https://w.example"}, {"title", "Weather"}}}}}}};
  const json router = {{"base_url", "https://openrouter.ai/api/v1"}};
  json answer = whole(message);
  answer["usage"]["cost"] = 0.0125;
  const Talk found = talk("openai", question({{"web_search", true}}), {body(answer)}, router);
  CHECK(found.reply["citations"] == json{{{"url", "https://w.example"}, {"title", "Weather"}}});
  CHECK(found.reply["usage"]["web_searches"] == 1);
  CHECK(found.reply["usage"]["cost"] == 0.0125);
  for (const char* url : {"https://api.x.ai/v1", "https://openai.example/v1"}) {
    const Talk none = talk("openai", question({{"web_search", true}}), {body(whole({{"content", "Hi"}}))},
                           {{"base_url", url}});
    CHECK(none.reply["notes"][0].get<std::string>().find("web search") == 0);
    CHECK_FALSE(none.reply["usage"].contains("web_searches"));
  }
}

TEST_CASE("openai: models are listed by their ids", "[providers][openai]") {
  const json list = {{"object", "list"}, {"data", {{{"id", "a"}}, {{"id", "b"}}, {{"object", "model"}}}}};
  const Talk models = talk("openai", json::object(), {body(list)}, {}, "models");
  CHECK(models.reply == json{{"models", {"a", "b"}}});
  CHECK(models.sent[0]["url"] == "https://openai.example/v1/models");
}
