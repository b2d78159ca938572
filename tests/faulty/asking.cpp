// Asks for effects and answers with what it was told.
#include <toolpost/plugin.hpp>

struct Asking : toolpost::Plugin {
  toolpost::json invoke(toolpost::Call& call, std::string_view, const toolpost::json& request) override {
    try {
      return {{"result", call.perform(request.value("kind", "file.read"),
                                      request.value("request", toolpost::json::object()))}};
    } catch (const toolpost::Error& error) {
      return {{"status", error.status()}, {"message", error.what()}};
    }
  }
};

TOOLPOST_PLUGIN(Asking)
