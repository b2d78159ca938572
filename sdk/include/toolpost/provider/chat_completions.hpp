#pragma once
// Servers that speak OpenAI's chat-completions interface. A vendor's plugin derives from ChatCompletions and
// says in adapt() and read_vendor() what it does differently; see plugins/providers/kimi.

#include <toolpost/provider/provider.hpp>

#include <string>

namespace toolpost::provider {

class ChatCompletions : public Provider {
 public:
  using Provider::Provider;

 protected:
  /// Adds what this vendor spells its own way: web search, thinking, caching, the name of the output limit.
  virtual void adapt(json& body, const json& request) const { (void)body, (void)request; }
  /// Reads what this vendor adds to a piece.
  virtual void read_vendor(const json& piece, Reply& reply) const { (void)piece, (void)reply; }
  /// The path of a chat, which some servers put the model into.
  virtual std::string chat_path(const json& request) const {
    (void)request;
    return "/chat/completions";
  }
  virtual const char* output_limit_name() const { return "max_tokens"; }

  json chat_order(const json& request) const override {
    json body = {{"model", request.at("model")}, {"messages", messages(request)}};
    if (request.contains("temperature")) body["temperature"] = request["temperature"];
    if (request.contains("output_tokens_max")) body[output_limit_name()] = request["output_tokens_max"];
    if (asks(request, "json")) body["response_format"] = {{"type", "json_object"}};
    add_tools(body, request);
    adapt(body, request);
    body.update(extra_body());
    json http = order("POST", chat_path(request));
    if (streams()) {
      body["stream"] = true;
      body["stream_options"] = {{"include_usage", true}};
      http["stream"] = "sse";
      http["content_pointers"] = {"/choices/0/delta/content", "/choices/0/delta/reasoning_content",
                                  "/choices/0/delta/reasoning", "/choices/0/delta/tool_calls",
                                  "/choices/0/delta/refusal"};
    }
    http["json"] = std::move(body);
    return http;
  }

  void read_piece(const json& piece, Reply& reply) const override {
    if (!piece.is_object()) throw Error(TOOLPOST_BAD_UPSTREAM, name() + " answered JSON that is no object");
    // Some servers answer 200 and put the refusal into the body or the stream.
    if (piece.contains("error") && !piece["error"].is_null()) fail_inside(name(), piece);
    if (reply.model.empty()) reply.model = text_member(piece, "model");
    read_usage(object_member(piece, "usage"), reply.usage);
    read_vendor(piece, reply);
    const json& choices = list_member(piece, "choices");
    if (choices.empty() || !choices[0].is_object()) return;  // the last piece of a stream has usage alone
    const json& choice = choices[0];
    if (choice.contains("error") && !choice["error"].is_null()) fail_inside(name(), choice);
    reply.answered = true;
    read_usage(object_member(choice, "usage"), reply.usage);  // Kimi's place for it
    const std::string finish = text_member(choice, "finish_reason");
    if (!finish.empty()) reply.finish_reason = neutral_finish(finish);
    read_message(object_member(choice, choice.contains("message") ? "message" : "delta"), reply);
    if (finish == "network_error") break_off(reply);
  }

  json models(Call& call) const override {
    const json body = body_of(call.http(order("GET", "/models")));
    json names = json::array();
    for (const json& model : list_member(body, "data")) {
      const std::string id = text_member(model, "id");
      if (!id.empty()) names.push_back(id);
    }
    return {{"models", names}};
  }

  /// One neutral message as this interface has it; may be several.
  virtual void add_message(const json& message, json& out) const {
    const std::string role = role_of(message);
    json wire = {{"role", role}, {"content", content_of(message)}};
    if (role == "tool") {
      wire["tool_call_id"] = text_member(message, "tool_call_id");
    } else if (role == "assistant" && !list_member(message, "tool_calls").empty()) {
      if (wire["content"].is_string() && text_member(wire, "content").empty()) wire["content"] = nullptr;
      for (const json& call : message["tool_calls"]) {
        wire["tool_calls"].push_back(
            {{"id", text_member(call, "id")},
             {"type", "function"},
             {"function", {{"name", text_member(call, "name")}, {"arguments", arguments_text(call)}}}});
      }
    }
    out.push_back(std::move(wire));
  }

  /// The purpose of an uploaded file when the request names none.
  virtual const char* usual_purpose() const { return "user_data"; }

  std::string send_file(Call& call, const json& request, const std::string& purpose) const {
    json http = order("POST", "/files");
    add_form(http, {{"purpose", purpose}}, FileToSend(request));
    const std::string id = text_member(body_of(call.http(http)), "id");
    if (id.empty()) throw Error(TOOLPOST_BAD_UPSTREAM, name() + " took the file but gave no id");
    return id;
  }

  json upload(Call& call, const json& request) const override {
    return {{"id", send_file(call, request, request.value("purpose", usual_purpose()))}};
  }

  /// For servers that read files: sends one, reads what the server made of it, and takes it away again unless
  /// it is to be kept, since accounts hold a limited number.
  json extract_sent_file(Call& call, const json& request) const {
    const std::string id = send_file(call, request, "file-extract");
    const json response = call.http(order("GET", "/files/" + id + "/content"));
    check_status(name(), response);
    std::string text = text_member(response, "body_text");
    if (response.contains("body_json")) {
      const json& body = response["body_json"];
      text = body.contains("content") ? text_member(body, "content") : body.dump();
    }
    json out = {{"text", text}};
    if (!request.value("keep", false)) {
      try {
        call.http(order("DELETE", "/files/" + id));
        return out;
      } catch (const Error&) {
        // It stays there; the text is what was asked for.
      }
    }
    out["id"] = id;
    return out;
  }

  static json content_of(const json& message) {
    const auto parts = parts_of(message);
    json list = json::array();
    bool only_text = true;
    for (const Part& part : parts) {
      if (part.kind == Part::Kind::text) {
        list.push_back({{"type", "text"}, {"text", part.text}});
        continue;
      }
      only_text = false;
      if (part.kind == Part::Kind::image)
        list.push_back({{"type", "image_url"}, {"image_url", {{"url", part.image_url()}}}});
      else
        list.push_back({{"type", "file"}, {"file", {{"file_id", part.file_id}}}});
    }
    if (only_text) return text_of(message);
    return list;
  }

  json messages(const json& request) const {
    talk_of(request);  // refuses what holds no talk
    json out = json::array();
    for (const json& message : request["messages"]) add_message(message, out);
    return out;
  }

 private:
  /// Z.AI's word for a model that failed on the way: what it had said is the beginning of an answer.
  void break_off(Reply& reply) const {
    if (reply.text.empty() && reply.tool_calls.empty())
      throw Error(TOOLPOST_UNAVAILABLE, name() + " broke off before it answered (network_error)");
    reply.truncated = true;
  }

  static std::string neutral_finish(const std::string& word) {
    if (word == "function_call") return "tool_calls";
    if (word == "sensitive") return "content_filter";  // Z.AI's word
    if (word == "max_tokens") return "length";
    return word;
  }

  static void add_tools(json& body, const json& request) {
    for (const json& tool : list_member(request, "tools")) {
      json function = {{"name", tool.at("name")}, {"parameters", tool.value("parameters", json::object())}};
      if (tool.contains("description")) function["description"] = tool["description"];
      body["tools"].push_back({{"type", "function"}, {"function", std::move(function)}});
    }
    const auto choice = request.find("tool_choice");
    if (choice == request.end() || !body.contains("tools")) return;
    body["tool_choice"] = choice->is_object()
                              ? json{{"type", "function"}, {"function", {{"name", choice->at("name")}}}}
                              : *choice;
  }

  static void read_usage(const json& from, Usage& usage) {
    if (from.empty()) return;
    usage.input_tokens = count_of(from, "prompt_tokens");
    usage.output_tokens = count_of(from, "completion_tokens");
    usage.cached_input_tokens = count_of(object_member(from, "prompt_tokens_details"), "cached_tokens");
    for (const char* other : {"cached_tokens", "prompt_cache_hit_tokens"})  // Kimi's and DeepSeek's word
      if (usage.cached_input_tokens == 0) usage.cached_input_tokens = count_of(from, other);
    usage.thinking_tokens = count_of(object_member(from, "completion_tokens_details"), "reasoning_tokens");
    if (from.contains("cost") && from["cost"].is_number()) usage.cost = from["cost"].get<double>();
  }

  static void read_message(const json& message, Reply& reply) {
    if (message.contains("content") && message["content"].is_array()) {
      for (const json& part : message["content"]) reply.text += text_member(part, "text");
    } else {
      reply.text += text_member(message, "content");
    }
    std::string thought = text_member(message, "reasoning_content");
    if (thought.empty()) thought = text_member(message, "reasoning");  // OpenRouter's and newer vLLM's word
    reply.thinking += thought;
    reply.refusal += text_member(message, "refusal");
    for (const json& note : list_member(message, "annotations")) {
      const json& cited = object_member(note, "url_citation");
      reply.cite(text_member(cited, "url"), text_member(cited, "title"));
    }
    std::size_t next = 0;
    for (const json& piece : list_member(message, "tool_calls")) {
      std::size_t index = next;
      if (piece.contains("index") && piece["index"].is_number_unsigned())
        index = piece["index"].get<std::size_t>();
      const json& function = object_member(piece, "function");
      const std::string id = text_member(piece, "id");
      // Some servers number every one of several calls 0; another id is another call.
      if (!id.empty() && !reply.tool_call(index).id.empty() && reply.tool_call(index).id != id)
        index = reply.tool_calls.size();
      next = index + 1;
      ToolCall& call = reply.tool_call(index);
      // The first piece of a call names it; some servers repeat id and name in every piece.
      if (call.id.empty()) call.id = id;
      if (call.name.empty()) call.name = text_member(function, "name");
      if (function.contains("arguments") && function["arguments"].is_object())
        call.arguments = function["arguments"].dump();  // Ollama's older form
      else
        call.arguments += text_member(function, "arguments");
    }
  }
};

}  // namespace toolpost::provider
