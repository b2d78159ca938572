#pragma once
// One call of a provider plugin against a scripted server. Each runs through the test kit in every cut, so
// that any difference between reruns fails the test that made it.

#include <toolpost/provider/multipart.hpp>
#include <toolpost/testing/determinism.hpp>

#include <string>
#include <vector>

#include "catch.hpp"

namespace toolpost::testing {

/// The result of the http effect for a good JSON answer.
inline json body(const json& value, int status = 200) {
  return {{"status", status}, {"headers", json::object()}, {"body_json", value}, {"truncated", false}};
}

/// For a stream of these events' data, as the host hands it over.
inline json stream_of(const std::vector<std::string>& events, bool truncated = false) {
  json list = json::array();
  for (const std::string& data : events) {
    // json's own writer refuses what is no UTF-8, as the host's base64 rule does.
    json probe = data;
    bool plain = true;
    try {
      (void)probe.dump();
    } catch (const json::exception&) {
      plain = false;
    }
    json event = {{"event", ""}, {"data", plain ? data : "\xef\xbf\xbd"}};
    if (!plain) event["data_base64"] = provider::to_base64_text(data);
    list.push_back(event);
  }
  return {{"status", 200}, {"headers", json::object()}, {"events", list}, {"truncated", truncated}};
}

inline json stream(const std::vector<json>& events, bool truncated = false) {
  std::vector<std::string> texts;
  for (const json& event : events)
    texts.push_back(event.is_string() ? event.get<std::string>() : event.dump());
  return stream_of(texts, truncated);
}

/// What a call did.
struct Talk {
  toolpost_status status = TOOLPOST_OK;
  std::string error;
  json reply;
  std::vector<json> sent;  // the http requests, in order
  json sent_body(std::size_t i = 0) const { return sent.at(i).value("json", json()); }
};

/// Runs `method` of bundled plugin `name`; its http effects are answered by `answers`, one after the other.
inline Talk talk(const std::string& name, const json& request, const std::vector<json>& answers,
                 json config = json::object(), const std::string& method = "chat") {
  config["name"] = name;
  if (!config.contains("base_url")) config["base_url"] = "https://" + name + ".example/v1";
  config["has_key"] = true;
  const TestCall call{method, request.dump(),
                      [answers](std::size_t index, const std::string& kind, const json&) {
                        Answer answer;
                        if (kind != "http" || index >= answers.size())
                          return Answer{{}, TOOLPOST_INTERNAL, "the script has no answer for this effect"};
                        answer.result = answers[index];
                        return answer;
                      },
                      config.dump()};
  const std::string library = std::string(TOOLPOST_BINARY_DIR) + "/lib/toolpost/plugins/" + name + ".so";
  CHECK(check_determinism(library, call) == "");
  const json seen = run_in_worker(library, call, {}, {}, Layout::usual);
  INFO(seen.dump());
  REQUIRE(seen.contains("effects"));
  Talk talk;
  talk.status = seen["status"].get<toolpost_status>();
  talk.error = seen["error"].get<std::string>();
  if (!seen["parts"].empty()) talk.reply = json::parse(seen["parts"][0]["bytes"].get<std::string>());
  for (const json& effect : seen["effects"]) talk.sent.push_back(effect["request"]);
  UNSCOPED_INFO(talk.error);
  return talk;
}

/// A chat request with one question, and whatever else `more` holds.
inline json question(json more = json::object()) {
  more["model"] = more.value("model", "m");
  if (!more.contains("messages")) more["messages"] = {{{"role", "user"}, {"content", "why?"}}};
  return more;
}

/// A conversation in which the model called a tool and got its result.
inline json tool_messages() {
  return {{{"role", "system"}, {"content", "Be brief."}},
          {{"role", "user"}, {"content", "weather in Ulm?"}},
          {{"role", "assistant"},
           {"content", ""},
           {"tool_calls", {{{"id", "c1"}, {"name", "weather"}, {"arguments", {{"place", "Ulm"}}}}}}},
          {{"role", "tool"}, {"tool_call_id", "c1"}, {"content", "rain"}}};
}

inline json weather_tool() {
  return {{{"name", "weather"},
           {"description", "The weather at a place"},
           {"parameters", {{"type", "object"}, {"properties", {{"place", {{"type", "string"}}}}}}}}};
}

inline json picture_messages() {
  return {{{"role", "user"},
           {"content",
            {{{"type", "text"}, {"text", "what is this?"}},
             {{"type", "image"}, {"media_type", "image/png"}, {"data_base64", "iVBORw=="}}}}}};
}

}  // namespace toolpost::testing
