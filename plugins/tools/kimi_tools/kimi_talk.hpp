#pragma once
// kimi_chat_with_tools and kimi_capture_headers: chats whose messages and tools come as clients of OpenAI's
// interface write them.

#include "kimi_files.hpp"
#include "openai_words.hpp"

namespace kimi_tools {

inline json talk_order(const json& request, const std::string& provider) {
  return {{"method", "chat"},
          {"provider", provider},
          {"role", "assistant"},
          {"model", request.value("model", "auto")},
          {"messages", vendor::neutral_messages(request.at("messages"))},
          {"temperature", request.value("temperature", 0.6)}};
}

/// What was asked for and could not be had; null when there is nothing to say.
inline json notes_of(const json& reply) {
  const json notes = toolpost::workflow::field(reply, "notes");
  return notes.is_array() && !notes.empty() ? notes : json();
}

/// The search runs within the call; functions are the caller's to run, who asks again with their results.
inline json chat_with_tools(Call& call, const json& request) {
  const std::string provider = vendor::provider_of(call, kKimi, "kimi_chat_with_tools");
  json order = talk_order(request, provider);
  const vendor::NeutralTools tools = vendor::neutral_tools(toolpost::workflow::field(request, "tools"));
  if (!tools.functions.empty()) order["tools"] = tools.functions;
  const json choice = vendor::neutral_choice(toolpost::workflow::field(request, "tool_choice"));
  if (!choice.is_null()) order["tool_choice"] = choice;
  if (request.value("use_websearch", false) || tools.web_search) order["web_search"] = true;
  const json reply = call.provider(order);
  const bool pending = !vendor::list_member(reply, "tool_calls").empty();
  json response = {{"status", pending ? "tool_call_pending" : "success"},
                   {"content", pending ? reply.value("text", "") : toolpost::workflow::answer_text(reply)},
                   {"finish_reason", reply.value("finish_reason", "")},
                   {"metadata", {{"tool_name", "kimi_chat_with_tools"}}}};
  if (reply.contains("message")) response["message"] = vendor::their_message(reply["message"]);
  if (pending) {
    response["tool_calls"] = response["message"]["tool_calls"];
    response["next_steps"] =
        "Run each of tool_calls. Then call kimi_chat_with_tools again with the same tools and with messages "
        "that "
        "end in message, unchanged, and one {\"role\": \"tool\", \"tool_call_id\": ..., \"content\": ...} "
        "for each.";
  }
  json trace = {{"web_searches", vendor::object_member(reply, "usage").value("web_searches", 0)}};
  if (reply.contains("citations")) trace["citations"] = reply["citations"];
  response["tool_trace"] = trace;
  toolpost::workflow::add_answer_facts(response["metadata"], reply);
  if (const json notes = notes_of(reply); !notes.is_null()) response["metadata"]["notes"] = notes;
  return response;
}

/// What the host lets a plugin see of a request: never a key, nor the value of any header.
inline json seen_request(const json& preview) {
  json seen = {{"method", preview.value("method", "")}, {"url", preview.value("url", "")}};
  const json& headers = vendor::object_member(preview, "headers");
  json names = json::array();
  for (const auto& [name, value] : headers.items()) names.push_back(name);
  seen["configured_headers"] = names;
  seen["key"] =
      preview.contains("secret") ? "added by the host, in a header of its own" : "none is configured";
  const json& body = vendor::object_member(preview, "json");
  for (const char* member : {"model", "prompt_cache_key", "stream"})
    if (body.contains(member)) seen[member] = body[member];
  seen["body_bytes"] = body.dump(-1, ' ', false, json::error_handler_t::replace).size();
  return seen;
}

/// What the server's cache did for this request, as its usage tells.
inline json cache_of(const json& order, const json& usage) {
  const std::int64_t input = usage.value("input_tokens", std::int64_t{0});
  const std::int64_t cached = usage.value("cached_input_tokens", std::int64_t{0});
  const std::int64_t percent = input > 0 ? cached * 100 / input : 0;
  json cache = {{"hit", cached > 0},
                {"input_tokens", input},
                {"cached_input_tokens", cached},
                {"cached_percent", percent}};
  if (order.contains("cache")) cache["key"] = order["cache"];
  return cache;
}

inline json capture_headers(Call& call, const json& request) {
  const vendor::Chosen chosen = vendor::choose_provider(call, kKimi);
  const std::string tool_name = request.value("tool_name", "kimi_capture_headers");
  json response = {{"status", "skipped"}, {"metadata", {{"tool_name", "kimi_capture_headers"}}}};
  if (chosen.provider.empty() || !chosen.unusable.empty()) {
    response["reason"] =
        chosen.provider.empty() ? vendor::missing(kKimi, "kimi_capture_headers") : chosen.unusable;
    return response;
  }
  json order = talk_order(request, chosen.provider);
  const std::string session = toolpost::workflow::text_field(request, "session_id");
  // Never a name that begins with "cache-", which would mean a cache that was made beforehand.
  if (!session.empty()) order["cache"] = "session/" + session + "/" + tool_name;
  json preview_order = order;
  preview_order["method"] = "preview";
  response["request"] = seen_request(call.provider(preview_order));
  const json reply = call.provider(order);
  const json usage = reply.value("usage", json::object());
  response["status"] = "success";
  response["content"] = reply.value("text", "");
  response["finish_reason"] = reply.value("finish_reason", "");
  response["attempts"] = reply.value("attempts", 0);
  response["cache"] = cache_of(order, usage);
  json notes =
      json::array({"The host keeps keys and the answer's HTTP headers to itself: caching is told by the "
                   "usage that the server counts."});
  if (!toolpost::workflow::text_field(request, "call_key").empty())
    notes.push_back("call_key is not sent: the host makes sure itself that no answer is paid for twice.");
  response["notes"] = notes;
  toolpost::workflow::add_answer_facts(response["metadata"], reply);
  if (const json more = notes_of(reply); !more.is_null()) response["metadata"]["notes"] = more;
  return response;
}

}  // namespace kimi_tools
