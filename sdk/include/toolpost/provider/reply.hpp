#pragma once
// The neutral reply of a chat, put together from a whole answer or from the pieces of a stream. What the
// fields mean is written once, in docs/providers.md.

#include <toolpost/plugin.hpp>
#include <toolpost/provider/split_text.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace toolpost::provider {

constexpr std::size_t kToolCallsMax = 128;   // in one answer; more is no answer of a model
constexpr std::size_t kCitationsMax = 100;   // further ones are dropped
constexpr std::size_t kCitedBytesMax = 500;  // of what a citation quotes

struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;  // JSON text, as it comes
};

struct Usage {
  std::int64_t input_tokens = 0;   // all of them, from a cache or not
  std::int64_t output_tokens = 0;  // thinking included
  std::int64_t cached_input_tokens = 0;
  std::int64_t cache_write_tokens = 0;
  std::int64_t thinking_tokens = 0;
  std::int64_t web_searches = 0;
  std::optional<double> cost;  // what the server itself says it charges, in its currency

  Usage& operator+=(const Usage& more) {
    input_tokens += more.input_tokens;
    output_tokens += more.output_tokens;
    cached_input_tokens += more.cached_input_tokens;
    cache_write_tokens += more.cache_write_tokens;
    thinking_tokens += more.thinking_tokens;
    web_searches += more.web_searches;
    if (more.cost) cost = cost.value_or(0) + *more.cost;
    return *this;
  }
};

/// A whole number of an upstream's usage; 0 for what is missing, negative or no number.
inline std::int64_t count_of(const json& object, const char* key) {
  if (!object.is_object() || !object.contains(key) || !object[key].is_number()) return 0;
  const double value = object[key].get<double>();
  return value > 0 && value < 1e15 ? static_cast<std::int64_t>(value) : 0;
}

/// A string member; empty for anything else, null included.
inline std::string text_member(const json& object, const char* key) {
  return object.is_object() && object.contains(key) && object[key].is_string()
             ? object[key].get<std::string>()
             : std::string();
}

/// A member that is a list; an empty one for anything else.
inline const json& list_member(const json& object, const char* key) {
  static const json kNone = json::array();
  return object.is_object() && object.contains(key) && object[key].is_array() ? object[key] : kNone;
}

const json& list_member(json&& object, const char* key) = delete;  // would point into what is gone

/// A member that is an object; an empty one for anything else.
inline const json& object_member(const json& object, const char* key) {
  static const json kNone = json::object();
  return object.is_object() && object.contains(key) && object[key].is_object() ? object[key] : kNone;
}

const json& object_member(json&& object, const char* key) = delete;

/// How many bytes of `text`, at most `bytes_max`, end with a whole character.
inline std::size_t whole_characters(const std::string& text, std::size_t bytes_max) {
  std::size_t end = std::min(text.size(), bytes_max);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return end;
}

struct Reply {
  std::string text;
  std::string thinking;
  std::string refusal;
  std::string finish_reason;  // stop, length, tool_calls, or the server's own word
  std::string model;
  std::vector<ToolCall> tool_calls;
  json citations = json::array();
  json vendor = json::object();  // what this server wants back in the next request: signatures, its own calls
  json notes = json::array();    // what was asked for and could not be had
  Usage usage;
  bool answered = false;   // something came that is an answer, be it empty
  bool ended = false;      // the stream said that it is over
  bool truncated = false;  // the host says that the stream broke

  /// The call number `index` of this answer. Throws BAD_UPSTREAM beyond kToolCallsMax.
  ToolCall& tool_call(std::size_t index) {
    if (index >= kToolCallsMax) throw Error(TOOLPOST_BAD_UPSTREAM, "the answer has more than 128 tool calls");
    if (tool_calls.size() <= index) tool_calls.resize(index + 1);
    return tool_calls[index];
  }

  void cite(const std::string& url, const std::string& title, const std::string& quoted = {}) {
    if (url.empty() || citations.size() >= kCitationsMax) return;
    json citation = {{"url", url}};
    if (!title.empty()) citation["title"] = title;
    if (!quoted.empty()) citation["text"] = quoted.substr(0, whole_characters(quoted, kCitedBytesMax));
    for (const json& earlier : citations)
      if (earlier["url"] == url) return;
    citations.push_back(std::move(citation));
  }

  void note(const std::string& line) { notes.push_back(line); }
  bool whole() const { return !truncated && (ended || !finish_reason.empty()); }

  /// Throws CONTENT_BLOCKED for a refusal, BAD_UPSTREAM for an answer that is none.
  json to_json(const std::string& provider, const std::string& asked_model) const {
    if (!refusal.empty())
      throw Error(TOOLPOST_CONTENT_BLOCKED, "the model refused: " + mend(refusal).substr(0, 500));
    if (finish_reason == "content_filter")
      throw Error(TOOLPOST_CONTENT_BLOCKED, provider + " withheld the answer");
    if (!answered) throw Error(TOOLPOST_BAD_UPSTREAM, provider + " answered 200 without an answer");
    json reply = {{"text", mend(text)},    {"model", model.empty() ? asked_model : model},
                  {"provider", provider},  {"finish_reason", finish_reason},
                  {"truncated", !whole()}, {"usage", usage_json()}};
    if (!thinking.empty()) reply["thinking"] = mend(thinking);
    if (!citations.empty()) reply["citations"] = citations;
    if (!notes.empty()) reply["notes"] = notes;
    json calls = json::array();
    for (const ToolCall& call : tool_calls)
      if (!call.name.empty()) calls.push_back(call_json(call));
    if (!calls.empty()) reply["tool_calls"] = calls;
    if (calls.empty() && vendor.empty()) return reply;
    json message = {{"role", "assistant"}, {"content", reply["text"]}};
    if (!calls.empty()) message["tool_calls"] = calls;
    if (!thinking.empty()) message["thinking"] = reply["thinking"];
    if (!vendor.empty()) message["vendor"] = vendor;
    reply["message"] = std::move(message);
    return reply;
  }

 private:
  json usage_json() const {
    json out = {{"input_tokens", usage.input_tokens}, {"output_tokens", usage.output_tokens}};
    const auto add = [&](const char* key, std::int64_t count) {
      if (count != 0) out[key] = count;
    };
    add("cached_input_tokens", usage.cached_input_tokens);
    add("cache_write_tokens", usage.cache_write_tokens);
    add("thinking_tokens", usage.thinking_tokens);
    add("web_searches", usage.web_searches);
    if (usage.cost) out["cost"] = *usage.cost;
    return out;
  }

  static json call_json(const ToolCall& call) {
    const std::string text = mend(call.arguments);
    json arguments = text.empty() ? json::object() : json::parse(text, nullptr, false);
    json out = {{"id", call.id}, {"name", call.name}};
    if (!arguments.is_object()) {
      out["arguments_text"] = text;  // cut off, or the model wrote no JSON; the caller can tell it so
      arguments = json::object();
    }
    out["arguments"] = std::move(arguments);
    return out;
  }
};

}  // namespace toolpost::provider
