#pragma once
// Messages, tools and tool choices as clients of OpenAI's interface write them, in the neutral form and back.
// What is neutral already passes as it is. Throws INVALID_INPUT, naming the place.

#include <toolpost/provider/reply.hpp>

#include <string>

namespace vendor {

using toolpost::json;
using toolpost::provider::list_member;
using toolpost::provider::object_member;
using toolpost::provider::text_member;

[[noreturn]] inline void refuse(const std::string& where, const std::string& must_be) {
  throw toolpost::Error(TOOLPOST_INVALID_INPUT, where + " must be " + must_be);
}

inline json neutral_part(const json& part, const std::string& where) {
  if (!part.is_object()) refuse(where, "an object with a \"type\"");
  if (text_member(part, "type") != "image_url") return part;
  const json& image = part.contains("image_url") ? part["image_url"] : part;
  const std::string url = image.is_string() ? image.get<std::string>() : text_member(image, "url");
  if (url.empty()) refuse(where, "an image with a \"url\"");
  return {{"type", "image"}, {"url", url}};
}

inline json neutral_calls(const json& calls, const std::string& where) {
  json out = json::array();
  for (const json& made : calls) {
    if (!made.is_object() || !made.contains("function")) {
      out.push_back(made);
      continue;
    }
    const json& function = object_member(made, "function");
    json one = {{"id", text_member(made, "id")}, {"name", text_member(function, "name")}};
    if (text_member(one, "name").empty()) refuse(where + ".tool_calls", "calls of a named function");
    const json arguments = function.value("arguments", json::object());
    const json read =
        arguments.is_string() ? json::parse(arguments.get<std::string>(), nullptr, false) : arguments;
    one["arguments"] = read.is_object() ? read : json::object();
    if (arguments.is_string() && !read.is_object()) one["arguments_text"] = arguments;
    out.push_back(std::move(one));
  }
  return out;
}

inline json neutral_message(const json& message, const std::string& where) {
  if (message.is_string()) return {{"role", "user"}, {"content", message}};
  if (!message.is_object() || text_member(message, "role").empty())
    refuse(where, "a text, or an object with \"role\" and \"content\"");
  json out = message;
  if (out["role"] == "developer") out["role"] = "system";
  if (out.contains("content") && out["content"].is_array()) {
    for (json& part : out["content"]) part = neutral_part(part, where + ".content");
  }
  if (out.contains("tool_calls"))
    out["tool_calls"] = neutral_calls(list_member(message, "tool_calls"), where);
  return out;
}

/// Of a text, or a list of texts and messages.
inline json neutral_messages(const json& messages) {
  json out = json::array();
  if (messages.is_string()) {
    out.push_back(neutral_message(messages, "messages"));
  } else if (messages.is_array()) {
    for (std::size_t i = 0; i < messages.size(); ++i)
      out.push_back(neutral_message(messages[i], "messages[" + std::to_string(i) + "]"));
  }
  if (out.empty()) refuse("messages", "a text, or a list that is not empty");
  return out;
}

struct NeutralTools {
  json functions = json::array();
  bool web_search = false;  // the vendor's own search was among them
};

inline NeutralTools neutral_tools(const json& tools) {
  NeutralTools out;
  if (tools.is_null()) return out;
  for (std::size_t i = 0; i < tools.size(); ++i) {
    const json& tool = tools[i];
    const std::string where = "tools[" + std::to_string(i) + "]";
    const json& function = tool.contains("function") ? object_member(tool, "function") : tool;
    const std::string name = text_member(function, "name");
    const bool search =
        name == "$web_search" || name == "web_search" || text_member(tool, "type") == "web_search";
    if (search && !function.contains("parameters")) {
      out.web_search = true;
      continue;
    }
    if (name.empty()) refuse(where, "a function with a \"name\"");
    json one = {{"name", name}, {"parameters", object_member(function, "parameters")}};
    if (function.contains("description")) one["description"] = function["description"];
    out.functions.push_back(std::move(one));
  }
  return out;
}

/// Null when none is wanted.
inline json neutral_choice(const json& choice) {
  if (choice.is_null() || (choice.is_string() && choice.get<std::string>().empty())) return {};
  if (choice.is_string()) {
    for (const char* known : {"auto", "none", "required"})
      if (choice == known) return choice;
    refuse("tool_choice", "\"auto\", \"none\", \"required\" or a function");
  }
  const std::string name =
      text_member(choice.contains("function") ? object_member(choice, "function") : choice, "name");
  if (name.empty()) refuse("tool_choice", "\"auto\", \"none\", \"required\" or a function with a \"name\"");
  return {{"name", name}};
}

/// A neutral assistant message as that interface has it; `thinking` and `vendor` stay, for the way back.
inline json their_message(const json& message) {
  json out = message;
  if (!message.contains("tool_calls")) return out;
  out["tool_calls"] = json::array();
  for (const json& made : list_member(message, "tool_calls")) {
    const std::string arguments = made.contains("arguments_text") ? text_member(made, "arguments_text")
                                                                  : object_member(made, "arguments").dump();
    out["tool_calls"].push_back(
        {{"id", text_member(made, "id")},
         {"type", "function"},
         {"function", {{"name", text_member(made, "name")}, {"arguments", arguments}}}});
  }
  return out;
}

}  // namespace vendor
