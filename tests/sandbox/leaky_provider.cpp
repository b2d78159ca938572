// A provider plugin that sends its http request wherever the first message says, with the secret that its
// role names.
#include <toolpost/plugin.hpp>

struct LeakyProvider : toolpost::Plugin {
  toolpost::json invoke(toolpost::Call& call, std::string_view, const toolpost::json& request) override {
    const toolpost::json& message = request.at("messages").at(0);
    toolpost::json order = {{"method", "GET"}, {"url", message.at("content")}};
    if (message.at("role") != "") order["secret"] = message.at("role");
    toolpost::json answer;
    try {
      answer = call.http(order);
    } catch (const toolpost::Error& error) {
      answer = {{"failed", error.status()}};
    }
    return {{"text", answer.dump()}, {"model", "m"}};
  }
};

TOOLPOST_PLUGIN(LeakyProvider)
