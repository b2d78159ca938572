// What each vendor says when it refuses, and what the call fails with. The host tries again by these
// statuses.
#include <toolpost/provider/failure.hpp>

#include "conversation.hpp"

using namespace toolpost::testing;
using toolpost::provider::Limit;
using toolpost::provider::limit_of;
using toolpost::provider::read_error;

namespace {

struct Refusal {
  const char* provider;
  int status;
  json answer;
  toolpost_status meaning;
  const char* word;  // in the message
};

json error(const char* message, const json& code, const char* type = "") {
  json inner = {{"message", message}, {"code", code}};
  if (*type != '\0') inner["type"] = type;
  return {{"error", inner}};
}

}  // namespace

TEST_CASE("429: rate, concurrency and money are told apart, vendor by vendor", "[providers]") {
  const std::vector<std::pair<json, Limit>> said = {
      // OpenAI
      {error("Rate limit reached for gpt-4 on requests per min. Visit https://x/account/billing to add a "
             "payment method.",
             "rate_limit_exceeded", "requests"),
       Limit::rate},
      {error("You exceeded your current quota, please check your plan and billing details.",
             "insufficient_quota", "insufficient_quota"),
       Limit::money},
      {error("You exceeded your current quota", nullptr, "insufficient_quota"), Limit::money},
      // Anthropic
      {{{"type", "error"},
        {"error",
         {{"type", "rate_limit_error"},
          {"message",
           "This request would exceed your organization's rate limit of 50,000 input tokens per minute"}}}},
       Limit::rate},
      {{{"type", "error"},
        {"error",
         {{"type", "rate_limit_error"},
          {"message", "Number of concurrent connections has exceeded your rate limit"}}}},
       Limit::concurrency},
      // Gemini says the same word for both
      {{{"error",
         {{"code", 429},
          {"status", "RESOURCE_EXHAUSTED"},
          {"message",
           "Quota exceeded for quota metric 'x' and limit 'GenerateContent requests per minute'"}}}},
       Limit::rate},
      {{{"error",
         {{"code", 429},
          {"status", "RESOURCE_EXHAUSTED"},
          {"message",
           "You exceeded your current quota, please check your plan and billing details. Please retry in "
           "12s."}}}},
       Limit::rate},
      {{{"error",
         {{"code", 429},
          {"status", "RESOURCE_EXHAUSTED"},
          {"message", "Quota exceeded: GenerateRequestsPerDayPerProjectPerModel"}}}},
       Limit::money},
      // Kimi
      {error("Your account reached max request: RPM limit, please try again in 1 seconds", nullptr,
             "rate_limit_reached_error"),
       Limit::rate},
      {error("Your account org reached max organization concurrency: 3, please try again after 1 seconds",
             nullptr, "rate_limit_reached_error"),
       Limit::concurrency},
      {error("Your account is suspended, please check your plan and billing details", nullptr,
             "exceeded_current_quota_error"),
       Limit::money},
      {error("The engine is currently overloaded, please try again later", nullptr,
             "engine_overloaded_error"),
       Limit::rate},
      // Z.AI
      {error("Insufficient balance or no resource package. Please recharge.", "1113"), Limit::money},
      {error("High concurrency usage of this API", "1302"), Limit::concurrency},
      {error("High frequency usage of this API", "1303"), Limit::rate},
      {error("The API has triggered a rate limit", "1305"), Limit::rate},
      {error("Usage limit reached for 5 hour. Your limit will reset at 18:00", "1308"), Limit::money},
      {{{"code", 1113}, {"msg", "out of money"}}, Limit::money},
      // OpenRouter, DeepSeek, and a server that says nothing
      {error("Insufficient credits", 402), Limit::money},
      {json::object(), Limit::rate},
  };
  for (const auto& [answer, limit] : said) {
    CAPTURE(answer.dump());
    CHECK(limit_of(read_error(answer)) == limit);
  }
}

TEST_CASE("429: the wait that the host read is handed on, money is not waited for", "[providers]") {
  json slow = body(error("too fast", "rate_limit_exceeded"), 429);
  slow["retry_after_ms"] = 1500;
  const Talk rate = talk("openai", question(), {slow});
  CHECK(rate.status == TOOLPOST_RATE_LIMITED);
  CHECK(rate.error.find("429, a rate limit: too fast (rate_limit_exceeded)") != std::string::npos);
  const Talk many = talk("glm", question(), {body(error("zu viele", "1302"), 429)});
  CHECK(many.error.find("a concurrency limit") != std::string::npos);
  CHECK(talk("glm", question(), {body(error("leer", "1113"), 429)}).status == TOOLPOST_EXHAUSTED);
}

TEST_CASE("429: a wait that stands in the body only is read", "[providers]") {
  using toolpost::provider::read_error;
  const auto told = [](const char* words) {
    return read_error(error(words, "rate_limit_exceeded")).retry_after_ms;
  };
  CHECK(told("Rate limit reached for m on requests per min. Please try again in 20s.") == 20'000);
  CHECK(told("Please try again in 812ms. Visit the page to learn more.") == 812);
  CHECK(told("Please try again in 1m2.5s.") == 62'500);
  CHECK(told("Please retry in 12.5s") == 12'500);
  CHECK(told("try again in 99999999999999999999h") == 3'600'000);
  CHECK(told("try again in a while") == 0);
  CHECK(told("try again in 5 minutes") == 0);  // no such form is documented
  CHECK(told("too fast") == 0);
  const json gemini = {{"error",
                        {{"code", 429},
                         {"status", "RESOURCE_EXHAUSTED"},
                         {"message", "You exceeded your current quota."},
                         {"details", json::array({{{"@type", "type.googleapis.com/google.rpc.Help"}},
                                                  {{"@type", "type.googleapis.com/google.rpc.RetryInfo"},
                                                   {"retryDelay", "34.074824224s"}}})}}}};
  CHECK(read_error(gemini).retry_after_ms == 34'074);
}

TEST_CASE("upstream failure: each refusal has its status, whoever says it", "[providers]") {
  const std::vector<Refusal> refusals = {
      {"openai", 401, error("Incorrect API key provided", "invalid_api_key"), TOOLPOST_UNAUTHENTICATED,
       "check the key"},
      {"openai", 402, error("Insufficient Balance", "invalid_request_error"), TOOLPOST_EXHAUSTED, "402"},
      {"openai", 404, error("The model `x` does not exist", "model_not_found"), TOOLPOST_NOT_FOUND,
       "does not exist"},
      {"openai", 400, error("This model's maximum context length is 8192 tokens.", "context_length_exceeded"),
       TOOLPOST_CONTEXT_TOO_LONG, "8192"},
      {"openai", 400,
       error("The response was filtered due to Azure OpenAI's content management policy", "content_filter"),
       TOOLPOST_CONTENT_BLOCKED, "filtered"},
      {"openai", 400, error("Unsupported parameter", "unsupported_parameter"), TOOLPOST_INVALID_INPUT,
       "Unsupported"},
      {"openai", 500, json::object(), TOOLPOST_UNAVAILABLE, "500"},
      {"openai", 408, json::object(), TOOLPOST_UNAVAILABLE, "408"},
      {"openai", 302, json::object(), TOOLPOST_BAD_UPSTREAM, "302"},
      {"anthropic",
       529,
       {{"type", "error"}, {"error", {{"type", "overloaded_error"}, {"message", "Overloaded"}}}},
       TOOLPOST_UNAVAILABLE,
       "Overloaded"},
      {"anthropic",
       400,
       {{"type", "error"},
        {"error",
         {{"type", "invalid_request_error"},
          {"message", "Your credit balance is too low to access the Anthropic API."}}}},
       TOOLPOST_EXHAUSTED,
       "credit"},
      {"anthropic",
       400,
       {{"type", "error"},
        {"error",
         {{"type", "invalid_request_error"},
          {"message", "prompt is too long: 210000 tokens > 200000 maximum"}}}},
       TOOLPOST_CONTEXT_TOO_LONG,
       "too long"},
      {"anthropic",
       413,
       {{"type", "error"},
        {"error", {{"type", "request_too_large"}, {"message", "Request exceeds the maximum size"}}}},
       TOOLPOST_CONTEXT_TOO_LONG,
       "413"},
      {"gemini",
       400,
       {{"error",
         {{"code", 400},
          {"status", "INVALID_ARGUMENT"},
          {"message",
           "The input token count (2000000) exceeds the maximum number of tokens allowed (1048576)."}}}},
       TOOLPOST_CONTEXT_TOO_LONG,
       "1048576"},
      {"gemini",
       403,
       {{"error",
         {{"code", 403},
          {"status", "PERMISSION_DENIED"},
          {"message", "Your API key was reported as leaked."}}}},
       TOOLPOST_UNAUTHENTICATED,
       "leaked"},
      {"kimi", 400, error("Your request exceeded model token limit: 8192", nullptr, "invalid_request_error"),
       TOOLPOST_CONTEXT_TOO_LONG, "8192"},
      {"kimi", 400,
       error("The request was rejected because it was considered high risk", nullptr, "content_filter"),
       TOOLPOST_CONTENT_BLOCKED, "high risk"},
      {"glm",
       400,
       {{"contentFilter", {{{"level", 1}, {"role", "user"}}}},
        {"error", {{"code", "1301"}, {"message", "potentially unsafe or sensitive content"}}}},
       TOOLPOST_CONTENT_BLOCKED,
       "unsafe"},
      {"glm", 401, error("token expired or incorrect", "1001"), TOOLPOST_UNAUTHENTICATED, "token expired"},
  };
  for (const Refusal& refusal : refusals) {
    CAPTURE(refusal.provider, refusal.status, refusal.answer.dump());
    const Talk refused = talk(refusal.provider, question(), {body(refusal.answer, refusal.status)});
    CHECK(refused.status == refusal.meaning);
    CHECK(refused.error.find(refusal.word) != std::string::npos);
    CHECK(refused.error.find(refusal.provider) == 0);
  }
}

TEST_CASE("upstream failure: OpenRouter's error in the middle of a stream keeps its status", "[providers]") {
  const json inside = {
      {"choices", json::array({{{"index", 0},
                                {"delta", {{"content", ""}}},
                                {"finish_reason", "error"},
                                {"error", {{"code", 502}, {"message", "Provider returned error"}}}}})}};
  CHECK(talk("openai", question(), {stream({inside})}).status == TOOLPOST_UNAVAILABLE);
  const json top = {{"id", "x"},
                    {"error", {{"code", 429}, {"message", "Rate limit exceeded: free-models-per-min"}}},
                    {"choices", json::array()}};
  CHECK(talk("openai", question(), {stream({top})}).status == TOOLPOST_RATE_LIMITED);
}

TEST_CASE("upstream failure: words are cut to what fits a message", "[providers]") {
  const Talk refused = talk("openai", question(), {body(error(std::string(5000, 'x').c_str(), "long"), 500)});
  CHECK(refused.error.size() < 700);
  const json html = {{"status", 502}, {"body_text", "<html>Bad gateway</html>"}, {"truncated", false}};
  CHECK(talk("openai", question(), {html}).error.find("Bad gateway") != std::string::npos);
}
