// The same facts of every vendor's wire format, each as that vendor documents it. A row cites the page; the
// vendors' own extensions are in the file of each.
#include "conversation.hpp"

using namespace toolpost::testing;

namespace {

/// One fact of one vendor: what its server sends, and what the call must make of it.
struct Fact {
  const char* provider;
  const char* page;
  json answer;  // of the http effect
  toolpost_status status;
  json reply;          // members that the reply has; null for an error
  const char* word{};  // in the error
};

void check(const std::vector<Fact>& facts) {
  std::set<std::string> providers;
  for (const Fact& fact : facts) {
    CAPTURE(fact.provider, fact.page);
    const Talk chat = talk(fact.provider, question({{"tools", weather_tool()}}), {fact.answer});
    CHECK(chat.status == fact.status);
    for (const auto& [key, value] : fact.reply.items()) {
      CAPTURE(key);
      CHECK(chat.reply.value(key, json()) == value);
    }
    if (fact.word != nullptr) CHECK(chat.error.find(fact.word) != std::string::npos);
    providers.insert(fact.provider);
  }
  CHECK(providers == std::set<std::string>{"anthropic", "gemini", "glm", "kimi", "openai"});
}

json chunk(const json& delta, const json& finish = nullptr) {
  return {{"object", "chat.completion.chunk"},
          {"model", "m"},
          {"choices", json::array({{{"index", 0}, {"delta", delta}, {"finish_reason", finish}}})}};
}

json chunk_call(const char* id, const char* name, const char* arguments) {
  json call = {{"index", 0}, {"function", {{"arguments", arguments}}}};
  if (*id != '\0') call.update({{"id", id}, {"type", "function"}});
  if (*name != '\0') call["function"]["name"] = name;
  return chunk({{"tool_calls", json::array({call})}});
}

json message(const json& message, const char* finish) {
  return {{"model", "m"},
          {"choices", json::array({{{"index", 0}, {"message", message}, {"finish_reason", finish}}})}};
}

json block_event(const char* type, const json& more) {
  json event = {{"type", type}, {"index", 0}};
  event.update(more);
  return event;
}

const json kBegin = {
    {"type", "message_start"},
    {"message",
     {{"model", "m"}, {"content", json::array()}, {"usage", {{"input_tokens", 25}, {"output_tokens", 1}}}}}};

json ended(const char* reason, int output_tokens) {
  return {{"type", "message_delta"},
          {"delta", {{"stop_reason", reason}}},
          {"usage", {{"output_tokens", output_tokens}}}};
}

json candidate(const json& parts, const char* finish) {
  return {{"candidates",
           json::array({{{"content", {{"role", "model"}, {"parts", parts}}}, {"finishReason", finish}}})}};
}

constexpr const char* kOpenAiChunks =
    "https://platform.openai.com/docs/api-reference/chat-streaming/streaming";
constexpr const char* kOpenAiTools = "https://platform.openai.com/docs/guides/function-calling";
constexpr const char* kOpenAiRefusals = "https://platform.openai.com/docs/guides/structured-outputs";
constexpr const char* kOpenAiErrors = "https://platform.openai.com/docs/guides/error-codes";
constexpr const char* kClaudeStream = "https://platform.claude.com/docs/en/build-with-claude/streaming";
constexpr const char* kClaudeStops =
    "https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons";
constexpr const char* kClaudeErrors = "https://platform.claude.com/docs/en/api/errors";
constexpr const char* kGemini = "https://ai.google.dev/api/generate-content";
constexpr const char* kGeminiErrors = "https://ai.google.dev/gemini-api/docs/troubleshooting";
constexpr const char* kKimi = "https://platform.kimi.ai/docs/api/chat";
constexpr const char* kKimiTools = "https://platform.kimi.ai/docs/guide/use-kimi-api-to-complete-tool-calls";
constexpr const char* kGlm = "https://docs.z.ai/api-reference/llm/chat-completion";
constexpr const char* kGlmErrors = "https://docs.z.ai/api-reference/api-code";

}  // namespace

TEST_CASE("documented formats: text in several events is one text, a character cut between them whole",
          "[providers]") {
  const std::string head = R"({"choices":[{"index":0,"delta":{"content":")";
  const json cut =
      stream_of({head + "\xe4\xbd\"}}]}", head + "\xa0!\"},\"finish_reason\":\"stop\"}]}", "[DONE]"});
  const std::string claude =
      R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":")";
  const std::string part = R"({"candidates":[{"content":{"parts":[{"text":")";
  const json whole = {{"text", "\xe4\xbd\xa0!"}, {"truncated", false}};
  check(
      {{"openai", kOpenAiChunks, cut, TOOLPOST_OK, whole},
       {"kimi", kKimi, cut, TOOLPOST_OK, whole},
       {"glm", kGlm, cut, TOOLPOST_OK, whole},
       {"anthropic", kClaudeStream,
        stream_of(
            {kBegin.dump(),
             block_event("content_block_start", {{"content_block", {{"type", "text"}, {"text", ""}}}}).dump(),
             claude + "\xe4\xbd\"}}", claude + "\xa0!\"}}", ended("end_turn", 2).dump(),
             R"({"type":"message_stop"})"}),
        TOOLPOST_OK, whole},
       {"gemini", kGemini,
        stream_of({part + "\xe4\xbd\"}]}}]}", part + "\xa0!\"}]},\"finishReason\":\"STOP\"}]}"}), TOOLPOST_OK,
        whole}});
}

TEST_CASE("documented formats: the pieces of a tool call's arguments are joined", "[providers]") {
  const json split =
      stream({chunk_call("c1", "weather", ""), chunk_call("", "", "{\"pla"),
              chunk_call("", "", "ce\":\"Ulm\"}"), chunk(json::object(), "tool_calls"), "[DONE]"});
  const auto calls = [](const char* id) {
    return json{{"tool_calls", {{{"id", id}, {"name", "weather"}, {"arguments", {{"place", "Ulm"}}}}}},
                {"finish_reason", "tool_calls"}};
  };
  const auto input = [](const char* json_text) {
    return block_event("content_block_delta",
                       {{"delta", {{"type", "input_json_delta"}, {"partial_json", json_text}}}});
  };
  check(
      {{"openai", kOpenAiTools, split, TOOLPOST_OK, calls("c1")},
       {"kimi", kKimiTools, split, TOOLPOST_OK, calls("c1")},
       {"glm", kGlm, split, TOOLPOST_OK, calls("c1")},
       {"anthropic", kClaudeStream,
        stream({kBegin,
                block_event(
                    "content_block_start",
                    {{"content_block",
                      {{"type", "tool_use"}, {"id", "c1"}, {"name", "weather"}, {"input", json::object()}}}}),
                input(""), input("{\"place\": \"U"), input("lm\"}"), ended("tool_use", 9),
                json{{"type", "message_stop"}}}),
        TOOLPOST_OK, calls("c1")},
       // Here a call comes whole, in one part.
       {"gemini", kGemini,
        stream({candidate(
            {{{"functionCall", {{"id", "c1"}, {"name", "weather"}, {"args", {{"place", "Ulm"}}}}}}},
            "STOP")}),
        TOOLPOST_OK, calls("c1")}});
}

TEST_CASE("documented formats: usage comes with the last piece, and holds", "[providers]") {
  json usage = {{"object", "chat.completion.chunk"}, {"choices", json::array()}};
  usage["usage"] = {{"prompt_tokens", 25}, {"completion_tokens", 7}, {"total_tokens", 32}};
  json in_choice = chunk(json::object(), "stop");  // Kimi's place
  in_choice["choices"][0]["usage"] = usage["usage"];
  json beside = chunk(json::object(), "stop");  // Z.AI's
  beside["usage"] = usage["usage"];
  json gemini = candidate({{{"text", "b"}}}, "STOP");
  gemini["usageMetadata"] = {{"promptTokenCount", 25}, {"candidatesTokenCount", 7}, {"totalTokenCount", 32}};
  const json counted = {{"usage", {{"input_tokens", 25}, {"output_tokens", 7}}}};
  check({{"openai", kOpenAiChunks,
          stream({chunk({{"content", "b"}}), chunk(json::object(), "stop"), usage, "[DONE]"}), TOOLPOST_OK,
          counted},
         {"kimi", kKimi, stream({chunk({{"content", "b"}}), in_choice, "[DONE]"}), TOOLPOST_OK, counted},
         {"glm", kGlm, stream({chunk({{"content", "b"}}), beside, "[DONE]"}), TOOLPOST_OK, counted},
         // Its counts are totals so far: the last one holds, and it repeats no input.
         {"anthropic", kClaudeStream,
          stream({kBegin,
                  block_event("content_block_start", {{"content_block", {{"type", "text"}, {"text", "b"}}}}),
                  ended("end_turn", 3), ended("end_turn", 7), json{{"type", "message_stop"}}}),
          TOOLPOST_OK, counted},
         {"gemini", kGemini, stream({gemini}), TOOLPOST_OK, counted}});
}

TEST_CASE("documented formats: a good status without an answer is the server's fault", "[providers]") {
  const json none = body({{"model", "m"}, {"choices", json::array()}});
  check({{"openai", kOpenAiChunks, none, TOOLPOST_BAD_UPSTREAM, {}, "200 without an answer"},
         {"kimi", kKimi, none, TOOLPOST_BAD_UPSTREAM, {}, "200 without an answer"},
         {"glm", kGlm, none, TOOLPOST_BAD_UPSTREAM, {}, "200 without an answer"},
         {"anthropic",
          kClaudeStream,
          stream({json{{"type", "ping"}}}),
          TOOLPOST_BAD_UPSTREAM,
          {},
          "200 without an answer"},
         {"gemini",
          kGemini,
          body({{"candidates", json::array()}}),
          TOOLPOST_BAD_UPSTREAM,
          {},
          "200 without an answer"}});
}

TEST_CASE("documented formats: an answer that says nothing is handed on as empty, for the tool to tell",
          "[providers]") {
  const json thought = body(message({{"content", ""}, {"reasoning_content", "hm"}}, "length"));
  const json empty = {{"text", ""}, {"thinking", "hm"}, {"finish_reason", "length"}};
  check(
      {{"openai",
        kOpenAiChunks,
        body(message({{"content", nullptr}}, "stop")),
        TOOLPOST_OK,
        {{"text", ""}, {"finish_reason", "stop"}}},
       {"kimi", kKimi, thought, TOOLPOST_OK, empty},
       {"glm", kGlm, thought, TOOLPOST_OK, empty},
       {"anthropic",
        kClaudeStops,
        body({{"type", "message"}, {"model", "m"}, {"content", json::array()}, {"stop_reason", "end_turn"}}),
        TOOLPOST_OK,
        {{"text", ""}, {"finish_reason", "stop"}}},
       {"gemini",
        kGemini,
        body(candidate(json::array(), "MALFORMED_FUNCTION_CALL")),
        TOOLPOST_OK,
        {{"text", ""}, {"finish_reason", "malformed_function_call"}}}});
}

TEST_CASE("documented formats: a refusal in a good answer is one", "[providers]") {
  const json filtered =
      stream({chunk({{"content", "I"}}), chunk(json::object(), "content_filter"), "[DONE]"});
  check(
      {{"openai",
        kOpenAiRefusals,
        body(message({{"content", nullptr}, {"refusal", "I cannot."}}, "stop")),
        TOOLPOST_CONTENT_BLOCKED,
        {},
        "I cannot."},
       {"openai", kOpenAiChunks, filtered, TOOLPOST_CONTENT_BLOCKED, {}, "withheld"},
       {"kimi", kKimi, filtered, TOOLPOST_CONTENT_BLOCKED, {}, "withheld"},
       {"glm", kGlm, body(message({{"content", ""}}, "sensitive")), TOOLPOST_CONTENT_BLOCKED, {}, "withheld"},
       {"anthropic",
        kClaudeStops,
        body({{"type", "message"}, {"model", "m"}, {"content", json::array()}, {"stop_reason", "refusal"}}),
        TOOLPOST_CONTENT_BLOCKED,
        {},
        "refused"},
       {"gemini",
        kGemini,
        body({{"promptFeedback", {{"blockReason", "SAFETY"}}}}),
        TOOLPOST_CONTENT_BLOCKED,
        {},
        "SAFETY"},
       {"gemini",
        kGemini,
        body(candidate(json::array(), "RECITATION")),
        TOOLPOST_CONTENT_BLOCKED,
        {},
        "withheld"}});
}

TEST_CASE("documented formats: the body of an error says what it is", "[providers]") {
  const auto refused = [](int status, const json& said) { return body({{"error", said}}, status); };
  check(
      {{"openai",
        kOpenAiErrors,
        refused(429, {{"type", "insufficient_quota"}, {"code", "insufficient_quota"}, {"message", "quota"}}),
        TOOLPOST_EXHAUSTED,
        {},
        "quota"},
       {"kimi",
        kKimi,
        refused(400, {{"type", "content_filter"}, {"message", "considered high risk"}}),
        TOOLPOST_CONTENT_BLOCKED,
        {},
        "high risk"},
       {"kimi",
        kKimi,
        refused(429, {{"type", "engine_overloaded_error"}, {"message", "currently overloaded"}}),
        TOOLPOST_RATE_LIMITED,
        {},
        "rate limit"},
       {"glm",
        kGlmErrors,
        refused(401, {{"code", "1112"}, {"message", "Your account has been locked"}}),
        TOOLPOST_UNAUTHENTICATED,
        {},
        "locked"},
       {"glm",
        kGlmErrors,
        refused(429, {{"code", "1113"}, {"message", "Your account is in arrears"}}),
        TOOLPOST_EXHAUSTED,
        {},
        "arrears"},
       {"anthropic",
        kClaudeErrors,
        body({{"type", "error"}, {"error", {{"type", "overloaded_error"}, {"message", "Overloaded"}}}}, 529),
        TOOLPOST_UNAVAILABLE,
        {},
        "Overloaded"},
       {"gemini",
        kGeminiErrors,
        refused(403, {{"code", 403}, {"status", "PERMISSION_DENIED"}, {"message", "no access to the model"}}),
        TOOLPOST_UNAUTHENTICATED,
        {},
        "no access"}});
}
