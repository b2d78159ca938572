#pragma once
// Reads the neutral chat request: messages and their parts, tools, thinking, JSON output. docs/providers.md
// has the schema. Unknown members are left alone, wrong ones are INVALID_INPUT.

#include <toolpost/plugin.hpp>
#include <toolpost/provider/reply.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace toolpost::provider {

[[noreturn]] inline void refuse_request(const std::string& why) {
  throw Error(TOOLPOST_INVALID_INPUT, "chat request: " + why);
}

struct Part {
  enum class Kind { text, image, file };
  Kind kind = Kind::text;
  std::string text;
  std::string media_type;   // of an image given as data
  std::string data_base64;  // either this
  std::string url;          // or this
  std::string file_id;      // of a file that `upload` has put there

  /// Where an OpenAI-like server looks for the image.
  std::string image_url() const {
    return url.empty() ? "data:" + media_type + ";base64," + data_base64 : url;
  }
};

inline Part read_part(const json& part) {
  Part read;
  const std::string type = text_member(part, "type");
  if (type == "text") {
    read.text = text_member(part, "text");
  } else if (type == "image") {
    read.kind = Part::Kind::image;
    read.url = text_member(part, "url");
    read.media_type = text_member(part, "media_type");
    read.data_base64 = text_member(part, "data_base64");
    if (read.url.empty() && (read.data_base64.empty() || read.media_type.empty()))
      refuse_request("an image needs \"url\", or \"media_type\" and \"data_base64\"");
  } else if (type == "file") {
    read.kind = Part::Kind::file;
    read.file_id = text_member(part, "id");
    read.media_type = text_member(part, "media_type");
    if (read.file_id.empty()) refuse_request("a file needs the \"id\" that upload gave it");
  } else {
    refuse_request("a content part has type \"text\", \"image\" or \"file\", not \"" + type.substr(0, 40) +
                   "\"");
  }
  return read;
}

/// The parts of a message; a plain string is one part of text, null none.
inline std::vector<Part> parts_of(const json& message) {
  std::vector<Part> parts;
  if (!message.contains("content") || message["content"].is_null()) return parts;
  const json& content = message["content"];
  if (content.is_string()) {
    parts.emplace_back();
    parts.back().text = content.get<std::string>();
  } else if (content.is_array()) {
    for (const json& part : content) parts.push_back(read_part(part));
  } else {
    refuse_request("the content of a message is a text or a list of parts");
  }
  return parts;
}

/// The text of a message without its images and files.
inline std::string text_of(const json& message) {
  std::string text;
  for (const Part& part : parts_of(message)) {
    if (part.kind != Part::Kind::text) continue;
    if (!text.empty()) text += "\n\n";
    text += part.text;
  }
  return text;
}

inline std::string role_of(const json& message) {
  const std::string role = text_member(message, "role");
  if (role != "system" && role != "user" && role != "assistant" && role != "tool")
    refuse_request("a message has role \"system\", \"user\", \"assistant\" or \"tool\", not \"" +
                   role.substr(0, 40) + "\"");
  return role;
}

/// The messages whose role is not system, checked; at least one.
inline std::vector<const json*> talk_of(const json& request) {
  std::vector<const json*> talk;
  for (const json& message : list_member(request, "messages"))
    if (role_of(message) != "system") talk.push_back(&message);
  if (talk.empty()) refuse_request("\"messages\" holds no message of a user");
  return talk;
}

/// The text of all system messages, for servers that take it apart from the talk.
inline std::string system_of(const json& request) {
  std::string text;
  for (const json& message : list_member(request, "messages")) {
    if (role_of(message) != "system") continue;
    if (!text.empty()) text += "\n\n";
    text += text_of(message);
  }
  return text;
}

/// What a tool call's arguments are on the wire of servers that want text.
inline std::string arguments_text(const json& call) {
  return call.contains("arguments_text") ? text_member(call, "arguments_text")
                                         : object_member(call, "arguments").dump();
}

inline bool asks(const json& request, const char* what) {
  const auto found = request.find(what);
  return found != request.end() && (found->is_boolean() ? found->get<bool>() : !found->is_null());
}

/// The schema of the wanted JSON object; null when none or any object is wanted.
inline const json* wanted_schema(const json& request) {
  const auto found = request.find("json");
  return found != request.end() && found->is_object() ? &*found : nullptr;
}

/// For servers without a JSON mode: the sentence that asks for it; empty when none is wanted.
inline std::string json_sentence(const json& request) {
  if (!asks(request, "json")) return {};
  std::string sentence = "Answer with one JSON object and nothing else: no code fence, no words around it.";
  if (const json* schema = wanted_schema(request))
    sentence += " It must match this JSON Schema: " + schema->dump();
  return sentence;
}

/// off, minimal, low, medium, high or max; empty when the request leaves it to the model.
inline std::string thinking_level(const json& request) {
  const auto found = request.find("thinking");
  if (found == request.end() || found->is_null()) return {};
  if (found->is_boolean()) return found->get<bool>() ? "medium" : "off";
  const std::string level = found->is_string() ? found->get<std::string>() : "";
  for (const char* known : {"off", "minimal", "low", "medium", "high", "max"})
    if (level == known) return level;
  refuse_request("\"thinking\" is \"off\", \"minimal\", \"low\", \"medium\", \"high\" or \"max\"");
}

/// How many tokens of `tokens_max` a level may think.
inline std::int64_t thinking_budget(const std::string& level, std::int64_t tokens_max) {
  const double share = level == "minimal" ? 0.005
                       : level == "low"   ? 0.08
                       : level == "high"  ? 0.67
                       : level == "max"   ? 1.0
                                          : 0.33;
  return static_cast<std::int64_t>(static_cast<double>(tokens_max) * share);
}

/// A number of the model's facts, which the host takes from the catalogue; `otherwise` when it knows none.
inline std::int64_t model_fact(const json& request, const char* key, std::int64_t otherwise) {
  const std::int64_t value = count_of(object_member(request, "model_facts"), key);
  return value == 0 ? otherwise : value;
}

}  // namespace toolpost::provider
