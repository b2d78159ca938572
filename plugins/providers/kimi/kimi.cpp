// kimi: Moonshot's models. Their web search is a tool call that goes back with its arguments unchanged; files
// are read by the provider; conversations may be cached.
#include <toolpost/provider/chat_completions.hpp>

namespace {

using toolpost::Call;
using toolpost::Error;
using toolpost::json;
using namespace toolpost::provider;

constexpr const char* kSearch = "$web_search";
constexpr int kSearchRoundsMax = 6;  // of one answer; each is an http effect

json search_tool() {
  return {{"type", "builtin_function"}, {"function", {{"name", kSearch}}}};
}

json wire_call(const ToolCall& call) {
  return {{"id", call.id},
          {"type", call.name == kSearch ? "builtin_function" : "function"},
          {"function", {{"name", call.name}, {"arguments", mend(call.arguments)}}}};
}

/// What the server wants back for its own search: the arguments as they came, byte for byte.
json echo_of(const json& call) {
  const json& function = object_member(call, "function");
  return {{"role", "tool"},
          {"tool_call_id", text_member(call, "id")},
          {"name", text_member(function, "name")},
          {"content", text_member(function, "arguments")}};
}

class Kimi : public ChatCompletions {
 public:
  explicit Kimi(const json& config) : ChatCompletions(config, "kimi") {}

 private:
  void adapt(json& body, const json& request) const override {
    if (const json* schema = wanted_schema(request)) {
      body["response_format"] = {{"type", "json_schema"},
                                 {"json_schema", {{"name", "answer"}, {"schema", *schema}}}};
    }
    const std::string level = thinking_level(request);
    if (asks(request, "web_search")) {
      body["tools"].push_back(search_tool());
      // The models that can think or not do not search while they think.
      if (has_switch(request)) body["thinking"] = {{"type", "disabled"}};
    } else if (!level.empty() && has_switch(request)) {
      body["thinking"] = {{"type", level == "off" ? "disabled" : "enabled"}};
    }
    const std::string cache = text_member(request, "cache");
    if (cache.empty()) return;
    // A cache that was made beforehand is named by a message in front; else the key routes to what is cached
    // anyway.
    if (cache.compare(0, 6, "cache-") == 0) {
      json& messages = body["messages"];
      messages.insert(messages.begin(),
                      json{{"role", "cache"}, {"content", "cache_id=" + cache + ";reset_ttl=3600"}});
    } else {
      body["prompt_cache_key"] = cache;
    }
  }

  /// Whether thinking can be switched: kimi-k2.5 and later; the others always or never think.
  static bool has_switch(const json& request) {
    const std::string model = text_member(request, "model");
    return model.compare(0, 8, "kimi-k2.") == 0;
  }

  void add_message(const json& message, json& out) const override {
    ChatCompletions::add_message(message, out);
    json& wire = out.back();
    if (wire["role"] != "assistant") return;
    // A model that thought before it called a tool wants its thoughts back.
    if (wire.contains("tool_calls") && message.contains("thinking"))
      wire["reasoning_content"] = message["thinking"];
    const json searches = list_member(object_member(message, "vendor"), "kimi");
    if (searches.empty()) return;
    for (const json& call : searches) wire["tool_calls"].push_back(call);
    for (const json& call : searches) out.push_back(echo_of(call));
  }

  json chat(Call& call, const json& request) const override {
    json http = chat_order(request);
    Usage usage;
    for (int round = 0;; ++round) {
      Reply reply;
      read_answer(call.http(http), reply);
      json searches = json::array();
      json others = json::array();
      for (const ToolCall& made : reply.tool_calls) {
        if (made.name.empty()) continue;
        (made.name == kSearch ? searches : others).push_back(wire_call(made));
      }
      reply.usage.web_searches += static_cast<std::int64_t>(searches.size());
      usage += reply.usage;
      // A broken stream may have cut the arguments, which then must not go back.
      if (searches.empty() || !reply.whole()) return finished(reply, usage, {}, request);
      // The caller's tools are the caller's to answer; the searches wait in the message that comes back.
      if (!others.empty()) return finished(reply, usage, searches, request);
      if (round == kSearchRoundsMax)
        throw Error(TOOLPOST_EXHAUSTED, name() + " wanted to search the web more than " +
                                            std::to_string(kSearchRoundsMax) +
                                            " times for one answer; ask without web search");
      json said = {{"role", "assistant"}, {"content", mend(reply.text)}, {"tool_calls", searches}};
      if (!reply.thinking.empty()) said["reasoning_content"] = mend(reply.thinking);
      json& messages = http["json"]["messages"];
      messages.push_back(std::move(said));
      for (const json& search : searches) messages.push_back(echo_of(search));
    }
  }

  json finished(Reply& reply, const Usage& usage, const json& searches, const json& request) const {
    std::vector<ToolCall> others;
    for (const ToolCall& made : reply.tool_calls)
      if (made.name != kSearch) others.push_back(made);
    reply.tool_calls = std::move(others);
    reply.usage = usage;
    if (!searches.empty()) reply.vendor = {{"kimi", searches}};
    return reply.to_json(name(), text_member(request, "model"));
  }

  const char* usual_purpose() const override { return "file-extract"; }
  json extract(Call& call, const json& request) const override { return extract_sent_file(call, request); }
};

}  // namespace

TOOLPOST_PLUGIN(Kimi)
