// anthropic: the Messages API. Content is a list of typed blocks in both directions; a stream opens, fills
// and closes them one after the other.
#include <toolpost/provider/provider.hpp>

namespace {

using toolpost::Call;
using toolpost::Error;
using toolpost::json;
using namespace toolpost::provider;

constexpr const char* kVersion = "2023-06-01";
constexpr const char* kFilesBeta = "files-api-2025-04-14";
constexpr std::int64_t kOutputTokens = 8192;  // the API wants a limit; this one when the model's is unknown
constexpr std::int64_t kThinkingTokensMin = 1024;  // the least budget that the API takes
constexpr std::int64_t kThinkingTokensMax = 32'000;
constexpr int kSearchesMax = 5;          // of one answer
constexpr std::size_t kBlocksMax = 256;  // of one answer; more is no answer of a model
constexpr int kPausesMax = 4;            // a long server-side search hands back and is asked to go on

json cache_mark() {
  return {{"type", "ephemeral"}};
}

class Anthropic : public Provider {
 public:
  explicit Anthropic(const json& config) : Provider(config, "anthropic") {}

 private:
  json anthropic_order(const char* verb, const std::string& path) const {
    json http = order(verb, path);
    http["headers"]["anthropic-version"] = kVersion;
    return http;
  }

  json chat_order(const json& request) const override {
    json body = {{"model", request.at("model")}, {"messages", messages(request)}};
    body["max_tokens"] =
        request.value("output_tokens_max", model_fact(request, "output_tokens_max", kOutputTokens));
    std::string system = system_of(request);
    const std::string sentence = json_sentence(request);
    if (!sentence.empty()) system += (system.empty() ? "" : "\n\n") + sentence;
    if (!system.empty()) {
      json block = {{"type", "text"}, {"text", system}};
      if (asks(request, "cache")) block["cache_control"] = cache_mark();
      body["system"] = json::array({block});
    }
    add_tools(body, request);
    add_thinking(body, request);
    body.update(extra_body());
    json http = anthropic_order("POST", "/messages");
    if (uses_files(request)) http["headers"]["anthropic-beta"] = kFilesBeta;
    if (streams()) {
      body["stream"] = true;
      http["stream"] = "sse";
      http["content_pointers"] = {"/delta/text", "/delta/thinking", "/delta/partial_json",
                                  "/content_block/content"};
    }
    http["json"] = std::move(body);
    return http;
  }

  static bool uses_files(const json& request) {
    for (const json* message : talk_of(request))
      for (const Part& part : parts_of(*message))
        if (part.kind == Part::Kind::file) return true;
    return false;
  }

  static void add_tools(json& body, const json& request) {
    for (const json& tool : list_member(request, "tools")) {
      json wire = {{"name", tool.at("name")},
                   {"input_schema", tool.value("parameters", json{{"type", "object"}})}};
      if (tool.contains("description")) wire["description"] = tool["description"];
      body["tools"].push_back(std::move(wire));
    }
    const auto choice = request.find("tool_choice");
    if (choice != request.end() && body.contains("tools")) {
      body["tool_choice"] = choice->is_object()     ? json{{"type", "tool"}, {"name", choice->at("name")}}
                            : *choice == "required" ? json{{"type", "any"}}
                                                    : json{{"type", *choice}};
    }
    if (asks(request, "web_search")) {
      body["tools"].push_back(
          {{"type", "web_search_20250305"}, {"name", "web_search"}, {"max_uses", kSearchesMax}});
    }
  }

  /// While it thinks, the API takes no temperature and wants the budget below the output limit.
  static void add_thinking(json& body, const json& request) {
    const std::string level = thinking_level(request);
    if (request.contains("temperature")) body["temperature"] = request["temperature"];
    if (level.empty() || level == "off") return;
    const std::int64_t most = model_fact(request, "thinking_tokens_max", kThinkingTokensMax);
    const std::int64_t budget = std::max(thinking_budget(level, most), kThinkingTokensMin);
    body["thinking"] = {{"type", "enabled"}, {"budget_tokens", budget}};
    body["max_tokens"] = body["max_tokens"].get<std::int64_t>() + budget;
    const std::int64_t output_max = model_fact(request, "output_tokens_max", 0);
    if (output_max > budget)
      body["max_tokens"] = std::min(body["max_tokens"].get<std::int64_t>(), output_max);
    body.erase("temperature");
    if (body.contains("tool_choice") && body["tool_choice"]["type"] != "none") body.erase("tool_choice");
  }

  static json image_source(const Part& part) {
    if (!part.url.empty()) return {{"type", "url"}, {"url", part.url}};
    return {{"type", "base64"}, {"media_type", part.media_type}, {"data", part.data_base64}};
  }

  static json block_of(const Part& part) {
    if (part.kind == Part::Kind::text) return {{"type", "text"}, {"text", part.text}};
    if (part.kind == Part::Kind::image) return {{"type", "image"}, {"source", image_source(part)}};
    return {{"type", "document"}, {"source", {{"type", "file"}, {"file_id", part.file_id}}}};
  }

  static json blocks_of(const json& message) {
    json blocks = json::array();
    if (message["role"] == "tool") {
      json result = {{"type", "tool_result"}, {"tool_use_id", text_member(message, "tool_call_id")}};
      for (const Part& part : parts_of(message)) result["content"].push_back(block_of(part));
      if (message.value("failed", false)) result["is_error"] = true;
      blocks.push_back(std::move(result));
      return blocks;
    }
    // An answer goes back as it came, with the signatures of its thoughts.
    const json& vendor = list_member(object_member(message, "vendor"), "anthropic");
    if (!vendor.empty()) return vendor;
    for (const Part& part : parts_of(message))
      if (part.kind != Part::Kind::text || !part.text.empty()) blocks.push_back(block_of(part));
    for (const json& call : list_member(message, "tool_calls")) {
      blocks.push_back({{"type", "tool_use"},
                        {"id", text_member(call, "id")},
                        {"name", text_member(call, "name")},
                        {"input", object_member(call, "arguments")}});
    }
    return blocks;
  }

  /// Users and the model take turns here, and tool results are a user's: neighbours of one role are joined.
  static json messages(const json& request) {
    json out = json::array();
    for (const json* message : talk_of(request)) {
      const std::string role = (*message)["role"] == "assistant" ? "assistant" : "user";
      json blocks = blocks_of(*message);
      if (blocks.empty()) continue;
      if (!out.empty() && out.back()["role"] == role) {
        for (json& block : blocks) out.back()["content"].push_back(std::move(block));
      } else {
        out.push_back({{"role", role}, {"content", std::move(blocks)}});
      }
    }
    if (out.empty()) refuse_request("every message is empty");
    // What stands before the last message is what the next request will begin with, too.
    if (asks(request, "cache")) {
      json& last = out.back()["content"].back();
      if (last["type"] != "thinking" && last["type"] != "redacted_thinking")
        last["cache_control"] = cache_mark();
    }
    return out;
  }

  json chat(Call& call, const json& request) const override {
    json http = chat_order(request);
    const json asked = http["json"]["messages"];
    Reply reply;
    Usage usage;
    for (int pauses = 0;; ++pauses) {
      reply.usage = {};
      reply.finish_reason.clear();
      reply.ended = false;
      read_answer(call.http(http), reply);
      usage += reply.usage;
      if (reply.finish_reason != "pause_turn" || reply.truncated || pauses == kPausesMax) break;
      http["json"]["messages"] = asked;
      http["json"]["messages"].push_back({{"role", "assistant"}, {"content", finished_blocks(reply)}});
    }
    reply.usage = usage;
    take_blocks(reply);
    reply.truncated = reply.truncated || reply.finish_reason == "pause_turn";
    return reply.to_json(name(), text_member(request, "model"));
  }

  // The blocks of the answer so far stand in reply.vendor, as the server wants them back; "base" is the
  // number of those that earlier rounds brought, since each round counts its own from 0.
  void read_piece(const json& piece, Reply& reply) const override {
    const std::string type = text_member(piece, "type");
    if (type == "error" || piece.contains("error")) fail_inside(name(), piece);
    if (type == "message") {
      begin(piece, reply);
      std::size_t index = 0;
      for (const json& block : list_member(piece, "content")) block_at(reply, index++) = block;
      end(piece, object_member(piece, "usage"), reply);
    } else if (type == "message_start") {
      begin(object_member(piece, "message"), reply);
    } else if (type == "content_block_start") {
      block_at(reply, index_of(piece)) = object_member(piece, "content_block");
    } else if (type == "content_block_delta") {
      add_delta(block_at(reply, index_of(piece)), object_member(piece, "delta"));
    } else if (type == "message_delta") {
      end(object_member(piece, "delta"), object_member(piece, "usage"), reply);
    } else if (type == "message_stop") {
      reply.ended = true;
    }
  }

  static std::size_t index_of(const json& piece) {
    return static_cast<std::size_t>(count_of(piece, "index"));
  }

  static json& block_at(Reply& reply, std::size_t index) {
    if (index >= kBlocksMax)
      throw Error(TOOLPOST_BAD_UPSTREAM, "the answer has more than 256 content blocks");
    if (!reply.vendor.contains("base"))
      throw Error(TOOLPOST_BAD_UPSTREAM, "the answer has content before it has begun");
    const std::size_t place = reply.vendor["base"].get<std::size_t>() + index;
    json& blocks = reply.vendor["anthropic"];
    while (blocks.size() <= place) blocks.push_back(json::object());
    return blocks[place];
  }

  static void begin(const json& message, Reply& reply) {
    if (!message.contains("content") && !message.contains("model")) return;  // no message: the answer is none
    reply.answered = true;
    reply.vendor["base"] = list_member(reply.vendor, "anthropic").size();
    reply.model = text_member(message, "model");
    read_usage(object_member(message, "usage"), reply.usage);
  }

  static void add_delta(json& block, const json& delta) {
    const auto append = [&](const char* to, const char* from) {
      block[to] = text_member(block, to) + text_member(delta, from);
    };
    const std::string type = text_member(delta, "type");
    if (type == "text_delta") append("text", "text");
    if (type == "thinking_delta") append("thinking", "thinking");
    if (type == "signature_delta") append("signature", "signature");
    if (type == "input_json_delta") append("input_text", "partial_json");
    if (type == "citations_delta") block["citations"].push_back(object_member(delta, "citation"));
  }

  static void end(const json& from, const json& usage, Reply& reply) {
    const std::string reason = text_member(from, "stop_reason");
    if (reason == "end_turn" || reason == "stop_sequence")
      reply.finish_reason = "stop";
    else if (reason == "max_tokens" || reason == "model_context_window_exceeded")
      reply.finish_reason = "length";
    else if (reason == "tool_use")
      reply.finish_reason = "tool_calls";
    else if (!reason.empty())
      reply.finish_reason = reason;
    read_usage(usage, reply.usage);
  }

  /// Counts of a stream are totals so far. What came from a cache is not in input_tokens here.
  static void read_usage(const json& from, Usage& usage) {
    if (from.contains("input_tokens")) {
      usage.cached_input_tokens = count_of(from, "cache_read_input_tokens");
      usage.cache_write_tokens = count_of(from, "cache_creation_input_tokens");
      usage.input_tokens =
          count_of(from, "input_tokens") + usage.cached_input_tokens + usage.cache_write_tokens;
    }
    if (from.contains("output_tokens")) usage.output_tokens = count_of(from, "output_tokens");
    const json& tools = object_member(from, "server_tool_use");
    if (!tools.empty()) usage.web_searches = count_of(tools, "web_search_requests");
  }

  /// The blocks in the form in which they go back: arguments parsed, cut characters joined.
  static json finished_blocks(const Reply& reply) {
    json out = json::array();
    for (json block : list_member(reply.vendor, "anthropic")) {
      if (block.empty()) continue;
      if (block.contains("input_text")) {
        json input = json::parse(mend(text_member(block, "input_text")), nullptr, false);
        block["input"] = input.is_object() ? std::move(input) : json::object();
        block.erase("input_text");
      }
      for (const char* key : {"text", "thinking"})
        if (block.contains(key)) block[key] = mend(text_member(block, key));
      if (block["type"] != "text" || !text_member(block, "text").empty()) out.push_back(std::move(block));
    }
    return out;
  }

  static void take_blocks(Reply& reply) {
    for (const json& block : list_member(reply.vendor, "anthropic")) {
      const std::string type = text_member(block, "type");
      reply.text += text_member(block, "text");
      reply.thinking += text_member(block, "thinking");
      for (const json& cited : list_member(block, "citations"))
        reply.cite(text_member(cited, "url"), text_member(cited, "title"), text_member(cited, "cited_text"));
      if (type != "tool_use") continue;
      const std::string written = text_member(block, "input_text");
      reply.tool_calls.push_back({text_member(block, "id"), text_member(block, "name"),
                                  written.empty() ? object_member(block, "input").dump() : written});
    }
    if (reply.tool_calls.size() > kToolCallsMax)
      throw Error(TOOLPOST_BAD_UPSTREAM, "the answer has more than 128 tool calls");
    if (reply.finish_reason == "refusal")
      reply.refusal = reply.text.empty() ? "it gave no reason" : reply.text;
    // Text alone needs nothing but itself to go back; thoughts and calls need their signatures and ids.
    json blocks = finished_blocks(reply);
    const bool needed = std::any_of(blocks.begin(), blocks.end(),
                                    [](const json& block) { return text_member(block, "type") != "text"; });
    reply.vendor = needed ? json{{"anthropic", std::move(blocks)}} : json::object();
  }

  json models(Call& call) const override {
    const json body = body_of(call.http(anthropic_order("GET", "/models?limit=1000")));
    json names = json::array();
    for (const json& model : list_member(body, "data")) {
      if (!text_member(model, "id").empty()) names.push_back(model["id"]);
    }
    return {{"models", names}};
  }

  json upload(Call& call, const json& request) const override {
    json http = anthropic_order("POST", "/files");
    http["headers"]["anthropic-beta"] = kFilesBeta;
    add_form(http, {}, FileToSend(request));
    const std::string id = text_member(body_of(call.http(http)), "id");
    if (id.empty()) throw Error(TOOLPOST_BAD_UPSTREAM, name() + " took the file but gave no id");
    return {{"id", id}};
  }
};

}  // namespace

TOOLPOST_PLUGIN(Anthropic)
