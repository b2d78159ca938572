// gemini: Google's generateContent. The answer is a list of parts: text, thoughts, function calls, each with
// a signature that must come back with it.
#include <toolpost/provider/provider.hpp>

namespace {

using toolpost::Call;
using toolpost::Error;
using toolpost::json;
using namespace toolpost::provider;

constexpr std::int64_t kThinkingTokensMax = 24'576;
constexpr std::size_t kPartsMax = 4096;  // of one answer that must be given back whole

/// The generation in a model's name: 3 for "gemini-3-pro-preview"; 0 if it tells none.
int generation(const std::string& model) {
  const std::size_t at = model.find("gemini-");
  if (at == std::string::npos || at + 7 >= model.size()) return 0;
  const char digit = model[at + 7];
  return digit >= '0' && digit <= '9' ? digit - '0' : 0;
}

std::string finish_of(const std::string& word) {
  if (word == "STOP") return "stop";
  if (word == "MAX_TOKENS") return "length";
  if (is_any(word,
             {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "LANGUAGE"}))
    return "content_filter";
  return lower_text(word);
}

class Gemini : public Provider {
 public:
  explicit Gemini(const json& config) : Provider(config, "gemini") {}

 private:
  json chat_order(const json& request) const override {
    json body = {{"contents", contents(request)}};
    const std::string system = system_of(request);
    if (!system.empty()) body["systemInstruction"]["parts"].push_back({{"text", system}});
    json& generation_config = body["generationConfig"] = json::object();
    if (request.contains("temperature")) generation_config["temperature"] = request["temperature"];
    if (request.contains("output_tokens_max"))
      generation_config["maxOutputTokens"] = request["output_tokens_max"];
    add_thinking(generation_config, request);
    add_tools(body, request);
    // JSON mode and tools do not go together here; beside tools the model is asked in words.
    if (asks(request, "json") && !body.contains("tools")) {
      generation_config["responseMimeType"] = "application/json";
      if (const json* schema = wanted_schema(request)) generation_config["responseJsonSchema"] = *schema;
    } else if (asks(request, "json")) {
      body["systemInstruction"]["parts"].push_back({{"text", json_sentence(request)}});
    }
    const std::string cache = text_member(request, "cache");
    if (cache.compare(0, 15, "cachedContents/") == 0) body["cachedContent"] = cache;
    body.update(extra_body());
    const std::string model = text_member(request, "model");
    json http = order(
        "POST", "/models/" + model + (streams() ? ":streamGenerateContent?alt=sse" : ":generateContent"));
    if (streams()) {
      http["stream"] = "sse";
      http["content_pointers"] = {"/candidates/0/content/parts"};
    }
    http["json"] = std::move(body);
    return http;
  }

  static void add_thinking(json& generation_config, const json& request) {
    const std::string level = thinking_level(request);
    if (level.empty()) return;
    json thinking = {{"includeThoughts", level != "off"}};
    if (generation(text_member(request, "model")) >= 3) {
      // These models take a word, and cannot be kept from thinking.
      thinking["thinkingLevel"] = level == "high" || level == "max" ? "high" : "low";
    } else {
      const std::int64_t most = model_fact(request, "thinking_tokens_max", kThinkingTokensMax);
      thinking["thinkingBudget"] = level == "off" ? 0 : thinking_budget(level, most);
    }
    generation_config["thinkingConfig"] = std::move(thinking);
  }

  static void add_tools(json& body, const json& request) {
    json functions = json::array();
    for (const json& tool : list_member(request, "tools")) {
      json function = {{"name", tool.at("name")}};
      if (tool.contains("description")) function["description"] = tool["description"];
      if (tool.contains("parameters")) function["parametersJsonSchema"] = tool["parameters"];
      functions.push_back(std::move(function));
    }
    if (!functions.empty()) {
      const auto choice = request.find("tool_choice");
      if (choice != request.end()) {
        json mode = {{"mode", *choice == "none" ? "NONE" : *choice == "auto" ? "AUTO" : "ANY"}};
        if (choice->is_object()) mode["allowedFunctionNames"] = json::array({choice->at("name")});
        body["toolConfig"] = {{"functionCallingConfig", std::move(mode)}};
      }
      body["tools"].push_back({{"functionDeclarations", std::move(functions)}});
    } else if (asks(request, "web_search")) {
      body["tools"].push_back({{"googleSearch", json::object()}});  // not together with functions
    }
  }

  static json wire_part(const Part& part) {
    if (part.kind == Part::Kind::text) return {{"text", part.text}};
    if (part.kind == Part::Kind::image && part.url.empty())
      return {{"inlineData", {{"mimeType", part.media_type}, {"data", part.data_base64}}}};
    json data = {{"fileUri", part.kind == Part::Kind::image ? part.url : part.file_id}};
    if (!part.media_type.empty()) data["mimeType"] = part.media_type;
    return {{"fileData", std::move(data)}};
  }

  /// The name that a call had: results are given back by name here.
  static std::string called_name(const json& request, const std::string& id) {
    for (const json& message : list_member(request, "messages"))
      for (const json& call : list_member(message, "tool_calls"))
        if (text_member(call, "id") == id) return text_member(call, "name");
    refuse_request("a tool's message answers the call \"" + id.substr(0, 80) +
                   "\", which no earlier message made");
  }

  static json parts_on_wire(const json& request, const json& message) {
    json parts = json::array();
    if (message["role"] == "tool") {
      const std::string id = text_member(message, "tool_call_id");
      json result = {{"name", called_name(request, id)}, {"response", {{"result", text_of(message)}}}};
      if (id.compare(0, 7, "gemini-") != 0) result["id"] = id;
      parts.push_back({{"functionResponse", std::move(result)}});
      return parts;
    }
    const json& vendor = list_member(object_member(message, "vendor"), "gemini");
    if (!vendor.empty()) return vendor;  // with the signatures of its thoughts
    for (const Part& part : parts_of(message))
      if (part.kind != Part::Kind::text || !part.text.empty()) parts.push_back(wire_part(part));
    for (const json& call : list_member(message, "tool_calls"))
      parts.push_back({{"functionCall",
                        {{"name", text_member(call, "name")}, {"args", object_member(call, "arguments")}}}});
    return parts;
  }

  static json contents(const json& request) {
    json out = json::array();
    for (const json* message : talk_of(request)) {
      const std::string role = (*message)["role"] == "assistant" ? "model" : "user";
      json parts = parts_on_wire(request, *message);
      if (parts.empty()) continue;
      if (!out.empty() && out.back()["role"] == role) {
        for (json& part : parts) out.back()["parts"].push_back(std::move(part));
      } else {
        out.push_back({{"role", role}, {"parts", std::move(parts)}});
      }
    }
    if (out.empty()) refuse_request("every message is empty");
    return out;
  }

  json chat(Call& call, const json& request) const override {
    Reply reply;
    if (asks(request, "web_search") && !list_member(request, "tools").empty())
      reply.note("web search: not beside tools, which this request has");
    read_answer(call.http(chat_order(request)), reply);
    if (!reply.tool_calls.empty() && reply.finish_reason == "stop") reply.finish_reason = "tool_calls";
    json& parts = reply.vendor["gemini"];
    bool needed = false;
    for (json& part : parts) {
      if (part.contains("text")) part["text"] = mend(text_member(part, "text"));
      needed = needed || part.contains("thoughtSignature") || part.contains("functionCall");
    }
    if (!needed) reply.vendor = json::object();
    return reply.to_json(name(), text_member(request, "model"));
  }

  void read_piece(const json& piece, Reply& reply) const override {
    // Without a stream, an error may come as a list of one.
    if (piece.is_array() || piece.contains("error")) fail_inside(name(), piece);
    if (reply.model.empty()) reply.model = text_member(piece, "modelVersion");
    read_usage(object_member(piece, "usageMetadata"), reply.usage);
    const std::string blocked = text_member(object_member(piece, "promptFeedback"), "blockReason");
    if (!blocked.empty())
      throw Error(TOOLPOST_CONTENT_BLOCKED, name() + " refused the prompt: " + blocked.substr(0, 100));
    const json& candidates = list_member(piece, "candidates");
    if (candidates.empty() || !candidates[0].is_object()) return;
    const json& candidate = candidates[0];
    reply.answered = true;
    const std::string finish = text_member(candidate, "finishReason");
    if (!finish.empty()) reply.finish_reason = finish_of(finish);
    for (const json& part : list_member(object_member(candidate, "content"), "parts")) read_part(part, reply);
    read_grounding(object_member(candidate, "groundingMetadata"), reply);
  }

  static void read_part(const json& part, Reply& reply) {
    const std::string text = text_member(part, "text");
    (part.value("thought", false) ? reply.thinking : reply.text) += text;
    const json& function = object_member(part, "functionCall");
    if (!function.empty()) {
      std::string id = text_member(function, "id");
      // Older models name no id; results then go back by name, and ours only has to be unlike the others.
      if (id.empty()) id = "gemini-" + std::to_string(reply.tool_calls.size() + 1);
      ToolCall& call = reply.tool_call(reply.tool_calls.size());
      call = {id, text_member(function, "name"), object_member(function, "args").dump()};
    }
    json& parts = reply.vendor["gemini"];
    if (parts.size() < kPartsMax) parts.push_back(part);
  }

  static void read_grounding(const json& grounding, Reply& reply) {
    for (const json& chunk : list_member(grounding, "groundingChunks")) {
      const json& web = object_member(chunk, "web");
      reply.cite(text_member(web, "uri"), text_member(web, "title"));
    }
    const auto searches = static_cast<std::int64_t>(list_member(grounding, "webSearchQueries").size());
    reply.usage.web_searches = std::max(reply.usage.web_searches, searches);
  }

  static void read_usage(const json& from, Usage& usage) {
    if (from.empty()) return;
    usage.input_tokens = count_of(from, "promptTokenCount") + count_of(from, "toolUsePromptTokenCount");
    usage.cached_input_tokens = count_of(from, "cachedContentTokenCount");
    usage.thinking_tokens = count_of(from, "thoughtsTokenCount");
    usage.output_tokens = count_of(from, "candidatesTokenCount") + usage.thinking_tokens;
  }

  json models(Call& call) const override {
    const json body = body_of(call.http(order("GET", "/models?pageSize=1000")));
    json names = json::array();
    for (const json& model : list_member(body, "models")) {
      std::string id = text_member(model, "name");
      if (id.compare(0, 7, "models/") == 0) id = id.substr(7);
      const json& methods = list_member(model, "supportedGenerationMethods");
      const bool chats =
          methods.empty() || std::find(methods.begin(), methods.end(), "generateContent") != methods.end();
      if (!id.empty() && chats) names.push_back(id);
    }
    return {{"models", names}};
  }

  // The upload address is the base's with "/upload" before the version.
  json upload(Call& call, const json& request) const override {
    const FileToSend file(request);
    const std::size_t version = base_url().rfind('/');
    json http = order("POST", "/files");
    http["url"] = base_url().substr(0, version) + "/upload" + base_url().substr(version) + "/files";
    http["headers"]["x-goog-upload-protocol"] = "raw";
    http["headers"]["x-goog-upload-file-name"] = file.name;
    http["headers"]["content-type"] = file.media_type;
    http["body_base64"] = to_base64_text(file.bytes);
    const json body = body_of(call.http(http));
    const std::string uri = text_member(object_member(body, "file"), "uri");
    if (uri.empty()) throw Error(TOOLPOST_BAD_UPSTREAM, name() + " took the file but gave no address");
    return {{"id", uri}};
  }
};

}  // namespace

TOOLPOST_PLUGIN(Gemini)
