// What may be asked of a client, and what may be answered: the forms of `ask` and `sample`.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "json/invisible.hpp"
#include "json/json_reader.hpp"
#include "json/schema.hpp"
#include "runtime/client_questions.hpp"
#include "runtime/dumped_json.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

// Bounds without a setting: beyond, nobody reads a question.
constexpr std::size_t kMessageBytesMax = 4096;
constexpr std::size_t kFieldsMax = 32;
constexpr std::size_t kSchemaBytesMax = 16'384;
constexpr std::size_t kMessagesMax = 256;

Error invalid(std::string_view effect, const std::string& why) {
  return {Errc::invalid_input, std::string(effect) + ": " + why};
}

bool is_text(const json& object, const char* key) {
  return object.contains(key) && object[key].is_string();
}

/// Why a client cannot show this field; empty when it can.
std::string field_fault(const json& field) {
  if (!field.is_object() || !is_text(field, "type")) return "needs a \"type\"";
  const std::string type = field["type"];
  for (const char* plain : {"string", "number", "integer", "boolean"})
    if (type == plain) return {};
  const bool choices = type == "array" && field.contains("items") && field["items"].is_object() &&
                       (field["items"].contains("enum") || field["items"].contains("anyOf"));
  return choices ? ""
                 : "is of type \"" + plain_excerpt(type, 40) +
                       "\"; a form has strings, numbers, integers, booleans, and lists of choices";
}

Result<json> checked_form(const json& schema) {
  const auto fault = [](const std::string& why) { return invalid("ask", "\"schema\" " + why); };
  if (!schema.is_object() || schema.value("type", json()) != "object" || !schema.contains("properties") ||
      !schema["properties"].is_object())
    return fault("must be a JSON Schema of type \"object\" with \"properties\"");
  if (schema["properties"].size() > kFieldsMax)
    return fault("has more than " + std::to_string(kFieldsMax) + " properties");
  for (const auto& [name, field] : schema["properties"].items())
    if (const std::string why = field_fault(field); !why.empty())
      return fault("property \"" + plain_excerpt(name, 60) + "\" " + why);
  const std::string text = dumped(schema);
  if (text.size() > kSchemaBytesMax)
    return fault("is longer than " + std::to_string(kSchemaBytesMax) + " bytes");
  if (auto compiled = Schema::compile(text); !compiled) return fault("is none: " + compiled.error().message);
  return schema;
}

std::string part_fault(const json& part) {
  if (!part.is_object()) return "a content part is an object";
  const json type = part.value("type", json());
  if (type == "text") return is_text(part, "text") ? "" : "a part of type \"text\" needs \"text\"";
  if (type != "image") return "a content part has type \"text\" or \"image\"";
  return is_text(part, "data_base64") && is_text(part, "media_type")
             ? ""
             : "an image needs \"media_type\" and \"data_base64\"; a client fetches no URL";
}

std::string message_fault(const json& message) {
  if (!message.is_object()) return "a message is an object";
  const json role = message.value("role", json());
  if (role != "user" && role != "assistant") return "a message has role \"user\" or \"assistant\"";
  if (is_text(message, "content")) return {};
  if (!message.contains("content") || !message["content"].is_array() || message["content"].empty())
    return "the content of a message is a text or a list of parts";
  for (const json& part : message["content"])
    if (std::string why = part_fault(part); !why.empty()) return why;
  return {};
}

/// Strings that nobody sees do not travel, in either direction.
Result<std::string> cleaned(const json& value) {
  std::string text = dumped(value);
  if (!may_need_cleaning(text)) return text;
  auto clean = clean_json(text);
  if (!clean) return clean.error();
  return std::move(clean->text);
}

}  // namespace

Result<std::string> user_question(std::string_view request_json, const std::string& asker) {
  const json request = json::parse(request_json, nullptr, false);
  if (!request.is_object() || !is_text(request, "message")) return invalid("ask", "needs a \"message\"");
  const std::string message = request["message"];
  if (message.empty() || message.size() > kMessageBytesMax)
    return invalid("ask", "\"message\" must have 1 to " + std::to_string(kMessageBytesMax) + " bytes");
  const json none = {{"type", "object"}, {"properties", json::object()}};
  auto form = checked_form(request.value("schema", none));
  if (!form) return form.error();
  return cleaned({{"message", asker + " asks: " + message}, {"schema", *form}});
}

Result<std::string> model_question(std::string_view request_json, const std::string& asker) {
  const json request = json::parse(request_json, nullptr, false);
  if (!request.is_object() || !request.contains("messages") || !request["messages"].is_array() ||
      request["messages"].empty() || request["messages"].size() > kMessagesMax)
    return invalid("sample", "needs 1 to " + std::to_string(kMessagesMax) + " \"messages\"");
  json question = {{"messages", request["messages"]}};
  for (const json& message : request["messages"])
    if (const std::string why = message_fault(message); !why.empty()) return invalid("sample", why);
  for (const char* key : {"system", "model"}) {
    if (!request.contains(key)) continue;
    if (!is_text(request, key)) return invalid("sample", std::string("\"") + key + "\" must be a string");
    question[key] = request[key];
  }
  const std::string system = question.value("system", "");
  question["system"] = asker + " asks." + (system.empty() ? "" : "\n\n" + system);
  if (request.contains("output_tokens_max")) {
    const json& tokens = request["output_tokens_max"];
    if (!tokens.is_number_unsigned() || tokens < 1u || tokens > 1'000'000u)
      return invalid("sample", "\"output_tokens_max\" must be a whole number from 1 to 1000000");
    question["output_tokens_max"] = tokens;
  }
  if (request.contains("temperature")) {
    if (!request["temperature"].is_number()) return invalid("sample", "\"temperature\" must be a number");
    question["temperature"] = request["temperature"];
  }
  if (request.contains("stop")) {
    const json& stop = request["stop"];
    const bool texts = stop.is_array() &&
                       std::all_of(stop.begin(), stop.end(), [](const json& one) { return one.is_string(); });
    if (!texts) return invalid("sample", "\"stop\" must be a list of strings");
    question["stop"] = stop;
  }
  return cleaned(question);
}

Result<std::string> user_answer(std::string_view answer_json, std::string_view question_json) {
  const json answer = json::parse(answer_json, nullptr, false);
  auto text = cleaned(answer);
  if (!text) return Error{Errc::bad_upstream, "the client's answer: " + text.error().message};
  if (answer.value("action", json()) != "accept") return text;
  const json question = json::parse(question_json, nullptr, false);
  auto form = Schema::compile(dumped(question["schema"]));
  if (!form) return form.error();
  const std::string given = dumped(json::parse(*text)["content"]);
  JsonReader reader{LimitSettings{}};
  auto content = reader.read_copy(given);
  if (!content) return Error{Errc::bad_upstream, "the client's answer: " + content.error().message};
  if (auto fits = form->validate(*content); !fits)
    return Error{Errc::bad_upstream, "the client's answer does not fit the form: " + fits.error().message};
  return text;
}

}  // namespace toolpost
