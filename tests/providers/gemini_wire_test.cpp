// Google's generateContent, as these pages have it:
//   https://ai.google.dev/api/generate-content (candidates, finishReason, promptFeedback, usageMetadata)
//   https://ai.google.dev/gemini-api/docs/function-calling (calls and responses; ids go back)
//   https://ai.google.dev/gemini-api/docs/thinking (thoughts, budgets and levels, signatures go back)
//   https://ai.google.dev/gemini-api/docs/google-search (grounding metadata)
#include "conversation.hpp"

using namespace toolpost::testing;

namespace {

json answer(const json& parts, const json& finish = nullptr, const json& more = json::object()) {
  json candidate = {{"content", {{"role", "model"}, {"parts", parts}}}, {"index", 0}};
  if (!finish.is_null()) candidate["finishReason"] = finish;
  candidate.update(more);
  return {{"candidates", json::array({candidate})}, {"modelVersion", "gemini-2.5-flash-001"}};
}

json text(const std::string& words) {
  return json::array({{{"text", words}}});
}

json with_usage(json piece) {
  piece["usageMetadata"] = {{"promptTokenCount", 20},
                            {"candidatesTokenCount", 7},
                            {"thoughtsTokenCount", 5},
                            {"cachedContentTokenCount", 16},
                            {"totalTokenCount", 32}};
  return piece;
}

json sent(json request, json config = json::object()) {
  return talk("gemini", std::move(request), {}, std::move(config), "preview").reply;
}

}  // namespace

TEST_CASE("gemini: a stream is put together, thoughts apart", "[providers][gemini]") {
  const json thought = json::array({{{"text", "hm"}, {"thought", true}}});
  const Talk chat = talk(
      "gemini", question({{"model", "gemini-2.5-flash"}, {"temperature", 0.2}, {"output_tokens_max", 100}}),
      {stream({answer(thought), answer(text("Hel")), with_usage(answer(text("lo"), "STOP"))})});
  CHECK(chat.reply == json{{"text", "Hello"},
                           {"thinking", "hm"},
                           {"model", "gemini-2.5-flash-001"},
                           {"provider", "gemini"},
                           {"finish_reason", "stop"},
                           {"truncated", false},
                           {"usage",
                            {{"input_tokens", 20},
                             {"output_tokens", 12},
                             {"cached_input_tokens", 16},
                             {"thinking_tokens", 5}}}});
  CHECK(chat.sent[0]["url"] ==
        "https://gemini.example/v1/models/gemini-2.5-flash:streamGenerateContent?alt=sse");
  CHECK(chat.sent_body() == json{{"contents", {{{"role", "user"}, {"parts", {{{"text", "why?"}}}}}}},
                                 {"generationConfig", {{"temperature", 0.2}, {"maxOutputTokens", 100}}}});
}

TEST_CASE("gemini: a whole answer is read the same way", "[providers][gemini]") {
  const Talk chat = talk("gemini", question(), {body(answer(text("Hi"), "MAX_TOKENS"))}, {{"stream", false}});
  CHECK(chat.reply["text"] == "Hi");
  CHECK(chat.reply["finish_reason"] == "length");
  CHECK(chat.sent[0]["url"] == "https://gemini.example/v1/models/m:generateContent");
}

TEST_CASE("gemini: function calls come whole, and go back with their signatures", "[providers][gemini]") {
  const json call = {{"functionCall", {{"name", "weather"}, {"args", {{"place", "Ulm"}}}}},
                     {"thoughtSignature", "c2ln"}};
  const Talk chat =
      talk("gemini", question({{"tools", weather_tool()}, {"tool_choice", {{"name", "weather"}}}}),
           {stream({answer(json::array({call})), answer(text(""), "STOP")})});
  CHECK(chat.reply["finish_reason"] == "tool_calls");
  CHECK(chat.reply["tool_calls"] ==
        json{{{"id", "gemini-1"}, {"name", "weather"}, {"arguments", {{"place", "Ulm"}}}}});
  CHECK(chat.sent_body()["toolConfig"]["functionCallingConfig"] ==
        json{{"mode", "ANY"}, {"allowedFunctionNames", json::array({"weather"})}});
  json messages = question()["messages"];
  messages.push_back(chat.reply["message"]);
  messages.push_back({{"role", "tool"}, {"tool_call_id", "gemini-1"}, {"content", "rain"}});
  const json contents = sent(question({{"messages", messages}}))["json"]["contents"];
  CHECK(contents[1]["role"] == "model");
  CHECK(contents[1]["parts"][0] == call);
  CHECK(contents[2]["parts"][0] ==
        json{{"functionResponse", {{"name", "weather"}, {"response", {{"result", "rain"}}}}}});
}

TEST_CASE("gemini: an id that a call has goes back with the result", "[providers][gemini]") {
  const json contents = sent(question({{"messages", tool_messages()}}))["json"]["contents"];
  CHECK(contents[2]["parts"][0]["functionResponse"]["id"] == "c1");
  json lost = tool_messages();
  lost.back()["tool_call_id"] = "c9";
  CHECK(talk("gemini", question({{"messages", lost}}), {}).status == TOOLPOST_INVALID_INPUT);
}

TEST_CASE("gemini: system text, images and files have their places", "[providers][gemini]") {
  json messages = picture_messages();
  messages[0]["content"].push_back(
      {{"type", "file"}, {"id", "https://g.example/files/1"}, {"media_type", "application/pdf"}});
  messages.insert(messages.begin(), json{{"role", "system"}, {"content", "Be brief."}});
  const json body = sent(question({{"messages", messages}}))["json"];
  CHECK(body["systemInstruction"]["parts"][0]["text"] == "Be brief.");
  CHECK(body["contents"][0]["parts"][1] ==
        json{{"inlineData", {{"mimeType", "image/png"}, {"data", "iVBORw=="}}}});
  CHECK(body["contents"][0]["parts"][2] ==
        json{{"fileData", {{"fileUri", "https://g.example/files/1"}, {"mimeType", "application/pdf"}}}});
}

TEST_CASE("gemini: thinking is a budget or a word, by the model's generation", "[providers][gemini]") {
  const auto thinking = [](const char* model, const char* level) {
    return sent(
        question({{"model", model}, {"thinking", level}}))["json"]["generationConfig"]["thinkingConfig"];
  };
  CHECK(thinking("gemini-2.5-flash", "off") == json{{"includeThoughts", false}, {"thinkingBudget", 0}});
  CHECK(thinking("gemini-2.5-flash", "max") == json{{"includeThoughts", true}, {"thinkingBudget", 24576}});
  CHECK(thinking("gemini-3-pro-preview", "high") ==
        json{{"includeThoughts", true}, {"thinkingLevel", "high"}});
  CHECK(thinking("gemini-3-pro-preview", "minimal")["thinkingLevel"] == "low");
}

TEST_CASE("gemini: a search is grounded, counted and cited, and not mixed with tools",
          "[providers][gemini]") {
  const json grounding = {
      {"groundingMetadata",
       {{"webSearchQueries", {"weather ulm", "rain ulm"}},
        {"groundingChunks", {{{"web", {{"uri", "https://w.example"}, {"title", "Weather"}}}}}}}}};
  const Talk chat =
      talk("gemini", question({{"web_search", true}}), {stream({answer(text("Rain."), "STOP", grounding)})});
  CHECK(chat.reply["usage"]["web_searches"] == 2);
  CHECK(chat.reply["citations"] == json{{{"url", "https://w.example"}, {"title", "Weather"}}});
  CHECK(chat.sent_body()["tools"] == json::array({{{"googleSearch", json::object()}}}));
  const Talk both = talk("gemini", question({{"web_search", true}, {"tools", weather_tool()}}),
                         {stream({answer(text("x"), "STOP")})});
  CHECK(both.sent_body()["tools"].size() == 1);
  CHECK(both.reply["notes"].size() == 1);
}

TEST_CASE("gemini: refused prompts and withheld answers are told as such", "[providers][gemini]") {
  const json blocked = {{"promptFeedback", {{"blockReason", "PROHIBITED_CONTENT"}}},
                        {"usageMetadata", {{"promptTokenCount", 3}}}};
  const Talk prompt = talk("gemini", question(), {stream({blocked})});
  CHECK(prompt.status == TOOLPOST_CONTENT_BLOCKED);
  CHECK(prompt.error.find("PROHIBITED_CONTENT") != std::string::npos);
  const json safety = {{"candidates", json::array({{{"finishReason", "SAFETY"}, {"index", 0}}})}};
  CHECK(talk("gemini", question(), {stream({safety})}).status == TOOLPOST_CONTENT_BLOCKED);
  CHECK(talk("gemini", question(), {stream({json{{"candidates", json::array()}}})}).status ==
        TOOLPOST_BAD_UPSTREAM);
}

TEST_CASE("gemini: an error in a list or in the stream has its meaning", "[providers][gemini]") {
  const json error = {
      {"error", {{"code", 503}, {"message", "The model is overloaded."}, {"status", "UNAVAILABLE"}}}};
  CHECK(talk("gemini", question(), {stream({answer(text("a")), error})}).status == TOOLPOST_UNAVAILABLE);
  CHECK(talk("gemini", question(), {body(json::array({error}))}).status == TOOLPOST_UNAVAILABLE);
  CHECK(talk("gemini", question(), {body(json::array({error}), 503)}).status == TOOLPOST_UNAVAILABLE);
}

TEST_CASE("gemini: a broken stream gives what came, cut characters whole", "[providers][gemini]") {
  const std::string head = R"({"candidates":[{"content":{"parts":[{"text":")";
  const Talk chat =
      talk("gemini", question(), {stream_of({head + "\xe4\xbd\"}]}}]}", head + "\xa0\"}]}}]}"}, true)});
  CHECK(chat.reply["text"] == "\xe4\xbd\xa0");
  CHECK(chat.reply["truncated"] == true);
}

TEST_CASE("gemini: JSON has a mode of its own, beside tools it is asked for in words",
          "[providers][gemini]") {
  const json schema = {{"type", "object"}};
  const json config = sent(question({{"json", schema}}))["json"]["generationConfig"];
  CHECK(config["responseMimeType"] == "application/json");
  CHECK(config["responseJsonSchema"] == schema);
  const json beside = sent(question({{"json", true}, {"tools", weather_tool()}}))["json"];
  CHECK_FALSE(beside["generationConfig"].contains("responseMimeType"));
  CHECK(beside["systemInstruction"]["parts"].size() == 1);
}

TEST_CASE("gemini: a cache that was made beforehand is named", "[providers][gemini]") {
  CHECK(sent(question({{"cache", "cachedContents/abc"}}))["json"]["cachedContent"] == "cachedContents/abc");
  CHECK_FALSE(sent(question({{"cache", "thread-1"}}))["json"].contains("cachedContent"));
}

TEST_CASE("gemini: models and files", "[providers][gemini]") {
  const json list = {{"models",
                      {{{"name", "models/gemini-2.5-flash"},
                        {"supportedGenerationMethods", {"generateContent", "countTokens"}}},
                       {{"name", "models/embed"}, {"supportedGenerationMethods", {"embedContent"}}}}}};
  CHECK(talk("gemini", json::object(), {body(list)}, {}, "models").reply ==
        json{{"models", json::array({"gemini-2.5-flash"})}});
  const Talk file = talk("gemini", {{"name", "a.txt"}, {"media_type", "text/plain"}, {"data_base64", "aGk="}},
                         {body({{"file", {{"uri", "https://g.example/files/1"}}}})}, {}, "upload");
  CHECK(file.reply == json{{"id", "https://g.example/files/1"}});
  CHECK(file.sent[0]["url"] == "https://gemini.example/upload/v1/files");
  CHECK(file.sent[0]["headers"]["x-goog-upload-protocol"] == "raw");
}
