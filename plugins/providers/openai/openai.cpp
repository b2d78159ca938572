// openai: speaks to any server with OpenAI's chat-completions interface. A codec only: the host sends, waits,
// retries.
#include <toolpost/plugin.hpp>

namespace {

using toolpost::Call;
using toolpost::Error;
using toolpost::json;

std::string lower(std::string text) {
  for (char& letter : text)
    letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  return text;
}

bool mentions(const std::string& text, std::initializer_list<const char*> words) {
  for (const char* word : words) {
    if (text.find(word) != std::string::npos) return true;
  }
  return false;
}

/// What the server said went wrong, shortened; empty if it said nothing readable.
std::string upstream_words(const json& body) {
  if (!body.is_object() || !body.contains("error")) return {};
  const json& error = body["error"];
  if (error.is_string()) return error.get<std::string>().substr(0, 500);
  if (!error.is_object()) return {};
  std::string words =
      error.contains("message") && error["message"].is_string() ? error["message"].get<std::string>() : "";
  for (const char* key : {"code", "type"}) {
    if (error.contains(key) && error[key].is_string()) words += " (" + error[key].get<std::string>() + ")";
  }
  return words.substr(0, 500);
}

[[noreturn]] void fail(const json& response, const std::string& server) {
  const int status = response.value("status", 0);
  const std::string words = upstream_words(response.value("body_json", json()));
  const std::string what =
      server + " answered HTTP " + std::to_string(status) + (words.empty() ? "" : ": " + words);
  const std::string hint = lower(words);
  const std::uint32_t wait = response.value("retry_after_ms", 0u);  // the host reads headers and dates
  if (status == 401 || status == 403)
    throw Error(TOOLPOST_UNAUTHENTICATED, what + "; check the key of this provider");
  if (status == 402) throw Error(TOOLPOST_EXHAUSTED, what);
  if (status == 429) {
    const bool money =
        mentions(hint, {"quota", "balance", "billing", "insufficient", "credit", "resource package"});
    throw Error(money ? TOOLPOST_EXHAUSTED : TOOLPOST_RATE_LIMITED, what, wait);
  }
  if (mentions(hint, {"context_length", "context length", "maximum context", "too many tokens"})) {
    throw Error(TOOLPOST_CONTEXT_TOO_LONG, what);
  }
  if (mentions(hint, {"content_filter", "content policy", "content_policy"}))
    throw Error(TOOLPOST_CONTENT_BLOCKED, what);
  if (status == 404) throw Error(TOOLPOST_NOT_FOUND, what);
  if (status == 408 || status == 409 || status == 425 || status >= 500)
    throw Error(TOOLPOST_UNAVAILABLE, what, wait);
  if (status >= 400) throw Error(TOOLPOST_INVALID_INPUT, what);
  throw Error(TOOLPOST_BAD_UPSTREAM, what + ", which no chat server should");
}

/// What has been put together from a whole answer or from the pieces of a stream.
struct Answer {
  std::string text;
  std::string thinking;
  std::string finish_reason;
  std::string model;
  json usage = json::object();
  bool any_choice = false;
  bool ended = false;  // [DONE] was seen

  void take(const json& chunk, const char* part) {
    if (chunk.contains("model") && chunk["model"].is_string()) model = chunk["model"];
    if (chunk.contains("usage") && chunk["usage"].is_object()) usage = chunk["usage"];
    const json choices = chunk.value("choices", json::array());
    if (!choices.is_array() || choices.empty() || !choices[0].is_object()) return;
    any_choice = true;
    const json& choice = choices[0];
    if (choice.contains("finish_reason") && choice["finish_reason"].is_string())
      finish_reason = choice["finish_reason"];
    if (!choice.contains(part) || !choice[part].is_object()) return;
    const json& message = choice[part];
    if (message.contains("content") && message["content"].is_string())
      text += message["content"].get<std::string>();
    for (const char* key : {"reasoning_content", "reasoning"}) {
      if (message.contains(key) && message[key].is_string()) thinking += message[key].get<std::string>();
    }
    if (message.contains("refusal") && message["refusal"].is_string()) {
      throw Error(TOOLPOST_CONTENT_BLOCKED,
                  "the model refused: " + message["refusal"].get<std::string>().substr(0, 500));
    }
  }
};

class OpenAi : public toolpost::Plugin {
 public:
  explicit OpenAi(const json& config)
      : name_(config.value("name", "openai")),
        base_url_(config.value("base_url", "")),
        stream_(config.value("stream", true)),
        has_key_(config.value("has_key", false)) {
    while (!base_url_.empty() && base_url_.back() == '/') base_url_.pop_back();
  }

  json invoke(Call& call, std::string_view method, const json& request) override {
    if (method == "models") return models(call);
    return chat(call, request);
  }

 private:
  json order(const char* verb, const std::string& path) const {
    json order = {{"method", verb}, {"url", base_url_ + path}};
    if (has_key_) order["secret"] = "key";
    return order;
  }

  json chat(Call& call, const json& request) const {
    json body = {{"model", request.at("model")}, {"messages", request.at("messages")}};
    if (request.contains("temperature")) body["temperature"] = request["temperature"];
    if (request.contains("output_tokens_max")) body["max_tokens"] = request["output_tokens_max"];
    if (request.value("json", false)) body["response_format"] = {{"type", "json_object"}};
    json http = order("POST", "/chat/completions");
    if (stream_) {
      body["stream"] = true;
      body["stream_options"] = {{"include_usage", true}};
      http["stream"] = "sse";
      http["content_pointers"] = {"/choices/0/delta/content", "/choices/0/delta/reasoning_content"};
    }
    http["json"] = std::move(body);
    return read(call.http(http), request.at("model"));
  }

  json read(const json& response, const std::string& asked_model) const {
    if (response.value("status", 0) != 200) fail(response, name_);
    Answer answer;
    if (response.contains("events")) {
      for (const json& event : response["events"]) read_event(event, answer);
    } else if (response.contains("body_json")) {
      answer.take(response["body_json"], "message");
    }
    // A stream says that it is whole by a finish reason or by [DONE]; one that just stops was cut off.
    const bool whole = !response.contains("events") || !answer.finish_reason.empty() || answer.ended;
    const bool truncated = response.value("truncated", false) || !whole;
    if (!answer.any_choice) {
      const std::string words = upstream_words(response.value("body_json", json()));
      throw Error(TOOLPOST_BAD_UPSTREAM,
                  name_ + " answered 200 without a choice" + (words.empty() ? "" : ": " + words));
    }
    if (answer.finish_reason == "content_filter")
      throw Error(TOOLPOST_CONTENT_BLOCKED, name_ + " withheld the answer");
    json reply = {{"text", answer.text},
                  {"model", answer.model.empty() ? asked_model : answer.model},
                  {"provider", name_},
                  {"finish_reason", answer.finish_reason},
                  {"truncated", truncated}};
    if (!answer.thinking.empty()) reply["thinking"] = answer.thinking;
    reply["usage"] = {{"input_tokens", answer.usage.value("prompt_tokens", 0)},
                      {"output_tokens", answer.usage.value("completion_tokens", 0)}};
    return reply;
  }

  void read_event(const json& event, Answer& answer) const {
    const std::string data = event.value("data", "");
    if (data == "[DONE]") answer.ended = true;
    if (data == "[DONE]" || data.empty()) return;
    const json chunk = json::parse(data, nullptr, false);
    if (chunk.is_discarded())
      throw Error(TOOLPOST_BAD_UPSTREAM, name_ + " sent a stream event that is not JSON");
    // Some servers answer 200 and put the refusal into the stream.
    if (chunk.contains("error")) {
      json as_response = {{"status", chunk["error"].is_object() ? chunk["error"].value("status", 503) : 503},
                          {"body_json", chunk}};
      fail(as_response, name_);
    }
    answer.take(chunk, "delta");
  }

  json models(Call& call) const {
    const json response = call.http(order("GET", "/models"));
    if (response.value("status", 0) != 200) fail(response, name_);
    json names = json::array();
    for (const json& model : response.value("body_json", json::object()).value("data", json::array())) {
      if (model.is_object() && model.contains("id")) names.push_back(model["id"]);
    }
    return {{"models", names}};
  }

  std::string name_;
  std::string base_url_;
  bool stream_;
  bool has_key_;
};

}  // namespace

TOOLPOST_PLUGIN(OpenAi)
