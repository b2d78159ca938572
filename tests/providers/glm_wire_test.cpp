// Z.AI's extensions of chat completions, as these pages have them:
//   https://docs.z.ai/api-reference/llm/chat-completion (thinking, finish_reason, web_search of an answer)
//   https://docs.z.ai/api-reference/tools/web-search (search without a model)
//   https://docs.z.ai/api-reference/api-code (the numbers of errors)
#include "conversation.hpp"

using namespace toolpost::testing;

namespace {

json piece(const json& delta, const json& finish = nullptr) {
  json choice = {{"index", 0}, {"delta", delta}};
  if (!finish.is_null()) choice["finish_reason"] = finish;
  return {{"model", "glm-4.6"}, {"choices", json::array({choice})}};
}

json page(const char* link, const char* title) {
  return {{"link", link}, {"title", title},   {"content", "It rains in Ulm."},
          {"media", "W"}, {"refer", "ref_1"}, {"publish_date", "2026-01-02"}};
}

}  // namespace

TEST_CASE("glm: thinking, images and the stream are really sent", "[providers][glm]") {
  const Talk chat = talk("glm", question({{"thinking", "high"}, {"messages", picture_messages()}}),
                         {stream({piece({{"reasoning_content", "hm"}}), piece({{"content", "A cat."}}),
                                  piece(json::object(), "stop"), "[DONE]"})});
  CHECK(chat.reply["text"] == "A cat.");
  CHECK(chat.reply["thinking"] == "hm");
  CHECK(chat.sent_body()["thinking"] == json{{"type", "enabled"}});
  CHECK(chat.sent_body()["messages"][0]["content"][1]["image_url"]["url"] ==
        "data:image/png;base64,iVBORw==");
  CHECK(chat.sent[0]["stream"] == "sse");
  CHECK(talk("glm", question({{"thinking", "off"}}), {}, {}, "preview").reply["json"]["thinking"] ==
        json{{"type", "disabled"}});
  CHECK_FALSE(talk("glm", question(), {}, {}, "preview").reply["json"].contains("thinking"));
}

TEST_CASE("glm: what a search found is cited once, and the search is counted", "[providers][glm]") {
  json first = piece({{"content", "Rain "}});
  first["web_search"] = {page("https://a.example", "A"), page("https://b.example", "B")};
  json last = piece({{"content", "[ref_1]"}}, "stop");
  last["web_search"] = first["web_search"];
  const Talk chat = talk("glm", question({{"web_search", true}, {"tools", weather_tool()}}),
                         {stream({first, last, "[DONE]"})}, {{"search_engine", "search_pro_jina"}});
  CHECK(chat.reply["text"] == "Rain [ref_1]");
  CHECK(chat.reply["citations"] ==
        json{{{"url", "https://a.example"}, {"title", "A"}, {"text", "It rains in Ulm."}},
             {{"url", "https://b.example"}, {"title", "B"}, {"text", "It rains in Ulm."}}});
  CHECK(chat.reply["usage"]["web_searches"] == 1);
  const json tools = chat.sent_body()["tools"];
  REQUIRE(tools.size() == 2);
  CHECK(tools[1]["type"] == "web_search");
  CHECK(tools[1]["web_search"]["search_engine"] == "search_pro_jina");
  CHECK(tools[1]["web_search"]["search_result"] == true);
}

TEST_CASE("glm: sensitive content is withheld, not answered", "[providers][glm]") {
  CHECK(talk("glm", question(), {stream({piece({{"content", ""}}, "sensitive")})}).status ==
        TOOLPOST_CONTENT_BLOCKED);
}

TEST_CASE("glm: a model that fails on the way is one that may be asked again, or half an answer",
          "[providers][glm]") {
  const Talk silent = talk("glm", question(), {stream({piece(json::object(), "network_error"), "[DONE]"})});
  CHECK(silent.status == TOOLPOST_UNAVAILABLE);
  const Talk half =
      talk("glm", question(),
           {stream({piece({{"content", "It ra"}}), piece(json::object(), "network_error"), "[DONE]"})});
  CHECK(half.reply["text"] == "It ra");
  CHECK(half.reply["truncated"] == true);
}

TEST_CASE("glm: an error in a good answer is one, in either shape", "[providers][glm]") {
  const auto status = [](const json& answer) { return talk("glm", question(), {body(answer)}).status; };
  CHECK(status({{"code", 1302}, {"msg", "High concurrency usage of this API"}, {"success", false}}) ==
        TOOLPOST_RATE_LIMITED);
  CHECK(
      status({{"error", {{"code", "1113"}, {"message", "Insufficient balance or no resource package."}}}}) ==
      TOOLPOST_EXHAUSTED);
  CHECK(status({{"error", {{"code", "1301"}, {"message", "unsafe or sensitive content"}}}}) ==
        TOOLPOST_CONTENT_BLOCKED);
  CHECK(status({{"error", {{"code", "1261"}, {"message", "Prompt exceeds max length"}}}}) ==
        TOOLPOST_CONTEXT_TOO_LONG);
  CHECK(status({{"error", {{"code", "1234"}, {"message", "Network error"}}}}) == TOOLPOST_UNAVAILABLE);
  CHECK(status({{"error", {{"code", "1211"}, {"message", "Model does not exist"}}}}) == TOOLPOST_NOT_FOUND);
  CHECK(status({{"error", {{"code", "1112"}, {"message", "Your account has been locked"}}}}) ==
        TOOLPOST_UNAUTHENTICATED);
  CHECK(status({{"error", {{"code", "1220"}, {"message", "You do not have permission to access it"}}}}) ==
        TOOLPOST_UNAUTHENTICATED);
}

TEST_CASE("glm: a schema is asked for in words", "[providers][glm]") {
  const json sent = talk("glm", question({{"json", {{"type", "object"}}}}), {}, {}, "preview").reply["json"];
  CHECK(sent["response_format"] == json{{"type", "json_object"}});
  CHECK(sent["messages"][0]["role"] == "system");
}

TEST_CASE("glm: search gives pages without a model", "[providers][glm]") {
  const Talk found =
      talk("glm", {{"query", "weather ulm"}, {"count", 3}, {"recency", "week"}, {"domain", "w.example"}},
           {body({{"search_result", json::array({page("https://a.example", "A")})}})}, {}, "search");
  CHECK(found.reply["results"] == json{{{"url", "https://a.example"},
                                        {"title", "A"},
                                        {"text", "It rains in Ulm."},
                                        {"date", "2026-01-02"}}});
  CHECK(found.sent[0]["url"] == "https://glm.example/v1/web_search");
  CHECK(found.sent_body() == json{{"search_engine", "search-prime"},
                                  {"search_query", "weather ulm"},
                                  {"count", 3},
                                  {"search_recency_filter", "oneWeek"},
                                  {"search_domain_filter", "w.example"}});
  const Talk named =
      talk("glm", {{"query", "x"}, {"engine", "search-std"}, {"request_id", "r"}, {"user_id", "u"}},
           {body(json::object())}, {{"search_engine", "search-pro"}}, "search");
  CHECK(named.sent_body()["search_engine"] == "search-std");
  CHECK(named.sent_body()["request_id"] == "r");
  CHECK(named.sent_body()["user_id"] == "u");
  for (const auto& [word, theirs] : std::vector<std::pair<std::string, std::string>>{
           {"day", "oneDay"}, {"month", "oneMonth"}, {"year", "oneYear"}, {"any", "noLimit"}}) {
    CHECK(talk("glm", {{"query", "x"}, {"recency", word}}, {body(json::object())}, {}, "search")
              .sent_body()["search_recency_filter"] == theirs);
  }
}

TEST_CASE("glm: files are the agent's unless they are to be read", "[providers][glm]") {
  const json file = {{"name", "a.pdf"}, {"data_base64", "JVBERg=="}};
  const Talk sent = talk("glm", file, {body({{"id", "f1"}})}, {}, "upload");
  CHECK(toolpost::provider::from_base64_text(sent.sent[0]["body_base64"].get<std::string>())
            .find("\r\n\r\nagent\r\n") != std::string::npos);
  const Talk read = talk(
      "glm", file, {body({{"id", "f1"}}), body({{"content", "Text."}}), body(json::object())}, {}, "extract");
  CHECK(read.reply == json{{"text", "Text."}});
}
