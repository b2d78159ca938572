#pragma once
// What every provider plugin is: a server with a name and a URL, methods that turn a neutral request into
// HTTP and the answer back. A vendor's plugin derives from it, or from ChatCompletions if the server speaks
// that dialect.

#include <toolpost/plugin.hpp>
#include <toolpost/provider/failure.hpp>
#include <toolpost/provider/multipart.hpp>
#include <toolpost/provider/neutral_chat.hpp>
#include <toolpost/provider/reply.hpp>

#include <string>
#include <string_view>

namespace toolpost::provider {

class Provider : public Plugin {
 public:
  explicit Provider(const json& config, const char* usual_name)
      : name_(config.value("name", usual_name)),
        base_url_(config.value("base_url", "")),
        has_key_(config.value("has_key", false)),
        stream_(config.value("stream", true)),
        headers_(config.value("headers", json::object())),
        extra_body_(config.value("extra_body", json::object())) {
    while (!base_url_.empty() && base_url_.back() == '/') base_url_.pop_back();
  }

  json invoke(Call& call, std::string_view method, const json& request) override {
    if (method == "chat") return chat(call, request);
    if (method == "preview") return chat_order(request);
    if (method == "models") return models(call);
    if (method == "upload") return upload(call, request);
    if (method == "extract") return extract(call, request);
    if (method == "search") return search(call, request);
    throw Error(TOOLPOST_UNSUPPORTED, name_ + " has no method " + std::string(method));
  }

 protected:
  /// The http effect that asks for this chat. Must not depend on anything but the request.
  virtual json chat_order(const json& request) const = 0;
  /// Reads one piece: a whole answer, or one event of a stream.
  virtual void read_piece(const json& piece, Reply& reply) const = 0;
  virtual json models(Call&) const { unsupported("models"); }
  virtual json upload(Call&, const json&) const { unsupported("upload"); }
  virtual json extract(Call&, const json&) const { unsupported("extract"); }
  virtual json search(Call&, const json&) const { unsupported("search"); }
  /// Asks once. Servers that take several rounds override it.
  virtual json chat(Call& call, const json& request) const {
    Reply reply;
    read_answer(call.http(chat_order(request)), reply);
    return reply.to_json(name_, text_member(request, "model"));
  }

  const std::string& name() const { return name_; }
  const std::string& base_url() const { return base_url_; }
  bool streams() const { return stream_; }
  const json& extra_body() const { return extra_body_; }

  /// An http request with the key and the configured headers.
  json order(const char* verb, const std::string& path) const {
    json order = {{"method", verb}, {"url", base_url_ + path}};
    if (has_key_) order["secret"] = "key";
    if (!headers_.empty()) order["headers"] = headers_;
    return order;
  }

  /// The body of a good answer. Fails the call otherwise.
  json body_of(const json& response) const {
    check_status(name_, response);
    if (!response.contains("body_json"))
      throw Error(TOOLPOST_BAD_UPSTREAM, name_ + " answered HTTP " +
                                             std::to_string(response.value("status", 0)) +
                                             " with something that is not JSON");
    return response["body_json"];
  }

  /// Gives every piece of a good answer to read_piece(). Fails the call otherwise.
  void read_answer(const json& response, Reply& reply) const {
    check_status(name_, response);
    reply.truncated = reply.truncated || response.value("truncated", false);
    if (!response.contains("events")) {
      reply.ended = true;
      return read_piece(body_of(response), reply);
    }
    for (const json& event : response["events"]) {
      // The host adds bytes that are no UTF-8 as base64: a character that was cut in two.
      const std::string data = event.contains("data_base64")
                                   ? from_base64_text(text_member(event, "data_base64"))
                                   : text_member(event, "data");
      if (data.empty()) continue;
      if (data == "[DONE]") {
        reply.ended = true;
        continue;
      }
      const json piece = parse_event(data);
      if (piece.is_discarded()) {
        // The last event of a broken stream may be half an event.
        if (reply.truncated) return;
        throw Error(TOOLPOST_BAD_UPSTREAM, name_ + " sent a stream event that is not JSON");
      }
      read_piece(piece, reply);
    }
  }

  [[noreturn]] void unsupported(const char* method) const {
    throw Error(TOOLPOST_UNSUPPORTED, name_ + " has no method " + method);
  }

 private:
  const std::string name_;
  std::string base_url_;
  const bool has_key_;
  const bool stream_;
  const json headers_;
  const json extra_body_;
};

}  // namespace toolpost::provider
