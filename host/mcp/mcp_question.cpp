#include "mcp/mcp_question.hpp"

#include <nlohmann/json.hpp>

namespace toolpost {
namespace {

using nlohmann::json;

constexpr int kOutputTokens = 4096;  // MCP demands a bound; for questions that name none

std::string text_in(const json& object, const char* key) {
  return object.is_object() && object.contains(key) && object[key].is_string()
             ? object[key].get<std::string>()
             : "";
}

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json block_of(const json& part) {
  if (text_in(part, "type") == "image")
    return {
        {"type", "image"}, {"data", text_in(part, "data_base64")}, {"mimeType", text_in(part, "media_type")}};
  return {{"type", "text"}, {"text", text_in(part, "text")}};
}

/// Older revisions know one block a message, so every part becomes a message of its own.
void append_message(json& messages, const json& message) {
  const std::string role = text_in(message, "role");
  const json& content = message["content"];
  if (content.is_string()) {
    messages.push_back({{"role", role}, {"content", {{"type", "text"}, {"text", content}}}});
    return;
  }
  for (const json& part : content) messages.push_back({{"role", role}, {"content", block_of(part)}});
}

/// MCP's words for why a model stopped, as the neutral reply has them; others stay as they are.
std::string finish_reason(const std::string& stop_reason) {
  if (stop_reason.empty() || stop_reason == "endTurn" || stop_reason == "stopSequence") return "stop";
  return stop_reason == "maxTokens" ? "length" : stop_reason;
}

Error unusable(const char* what) {
  return {Errc::bad_upstream, std::string("the client's answer is unusable: ") + what};
}

}  // namespace

std::string mcp_elicitation_params(std::string_view question_json) {
  const json question = json::parse(question_json, nullptr, false);
  return dump({{"mode", "form"}, {"message", question["message"]}, {"requestedSchema", question["schema"]}});
}

Result<std::string> read_mcp_elicitation(std::string_view result_json) {
  const json result = json::parse(result_json, nullptr, false);
  const std::string action = text_in(result, "action");
  if (action == "decline" || action == "cancel") return dump({{"action", action}});
  if (action != "accept") return unusable("\"action\" must be accept, decline or cancel");
  const json content = result.value("content", json::object());
  if (!content.is_object()) return unusable("\"content\" must be an object");
  return dump({{"action", action}, {"content", content}});
}

std::string mcp_sampling_params(std::string_view question_json) {
  const json question = json::parse(question_json, nullptr, false);
  json params = {{"messages", json::array()},
                 {"maxTokens", question.value("output_tokens_max", json(kOutputTokens))}};
  for (const json& message : question["messages"]) append_message(params["messages"], message);
  if (const std::string system = text_in(question, "system"); !system.empty())
    params["systemPrompt"] = system;
  if (question.contains("temperature")) params["temperature"] = question["temperature"];
  if (question.contains("stop")) params["stopSequences"] = question["stop"];
  if (const std::string model = text_in(question, "model"); !model.empty())
    params["modelPreferences"] = {{"hints", json::array({{{"name", model}}})}};
  return dump(params);
}

Result<std::string> read_mcp_sampling(std::string_view result_json) {
  const json result = json::parse(result_json, nullptr, false);
  if (!result.is_object() || !result.contains("content")) return unusable("it has no \"content\"");
  const json blocks = result["content"].is_array() ? result["content"] : json::array({result["content"]});
  std::string text;
  bool said = false;
  for (const json& block : blocks) {
    if (text_in(block, "type") != "text") continue;
    text += text_in(block, "text");
    said = true;
  }
  if (!said) return unusable("its content holds no text");
  return dump({{"text", text},
               {"model", text_in(result, "model")},
               {"finish_reason", finish_reason(text_in(result, "stopReason"))}});
}

}  // namespace toolpost
