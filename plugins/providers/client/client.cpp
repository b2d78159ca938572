// client: the model of whoever made the call. It speaks no HTTP: its one effect is `sample`, which the host
// carries to the client. What a client may refuse or leave out (tools, thinking, usage) is refused or noted
// here.
#include <toolpost/provider/neutral_chat.hpp>
#include <toolpost/provider/reply.hpp>

namespace {

using toolpost::Call;
using toolpost::Error;
using toolpost::json;
using namespace toolpost::provider;

constexpr const char* kAnyModel = "default";  // whichever the client likes

json part_json(const Part& part) {
  if (part.kind == Part::Kind::text) return {{"type", "text"}, {"text", part.text}};
  if (part.kind == Part::Kind::image && part.url.empty())
    return {{"type", "image"}, {"media_type", part.media_type}, {"data_base64", part.data_base64}};
  throw Error(TOOLPOST_UNSUPPORTED,
              "the client's model takes text, and images given as data; it fetches no URL and has no files");
}

json message_json(const json& message) {
  const std::string role = role_of(message);
  if (role == "tool" || !list_member(message, "tool_calls").empty())
    throw Error(TOOLPOST_UNSUPPORTED, "the client's model takes no tools");
  json parts = json::array();
  for (const Part& part : parts_of(message)) parts.push_back(part_json(part));
  return {{"role", role}, {"content", std::move(parts)}};
}

/// The effect `sample` for this chat.
json question(const json& request) {
  if (!list_member(request, "tools").empty())
    throw Error(TOOLPOST_UNSUPPORTED, "the client's model takes no tools");
  json question = {{"messages", json::array()}};
  for (const json* message : talk_of(request)) question["messages"].push_back(message_json(*message));
  std::string system = system_of(request);
  if (const std::string sentence = json_sentence(request); !sentence.empty())
    system += (system.empty() ? "" : "\n\n") + sentence;
  if (!system.empty()) question["system"] = system;
  for (const char* key : {"temperature", "output_tokens_max"})
    if (request.contains(key)) question[key] = request[key];
  if (const std::string model = text_member(request, "model"); model != kAnyModel) question["model"] = model;
  return question;
}

class Client : public toolpost::Plugin {
 public:
  json invoke(Call& call, std::string_view method, const json& request) override {
    if (method == "preview") return question(request);
    if (method != "chat") throw Error(TOOLPOST_UNSUPPORTED, "client has no method " + std::string(method));
    const json said = call.perform("sample", question(request));
    Reply reply;
    reply.text = text_member(said, "text");
    reply.model = text_member(said, "model");
    reply.finish_reason = text_member(said, "finish_reason");
    reply.answered = reply.ended = true;
    reply.note("usage: a client does not tell what its model used");
    if (!thinking_level(request).empty()) reply.note("thinking: left to the client");
    if (asks(request, "web_search")) reply.note("web search: the client's model was not asked to search");
    return reply.to_json("client", text_member(request, "model"));
  }
};

}  // namespace

TOOLPOST_PLUGIN(Client)
