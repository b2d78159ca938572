// Asks for effects, each as often as wanted, and answers with what it was told last.
#include <toolpost/plugin.hpp>

struct Asking : toolpost::Plugin {
  toolpost::json invoke(toolpost::Call& call, std::string_view, const toolpost::json& request) override {
    try {
      toolpost::json reply;
      for (int i = 0; i < request.value("times", 1); ++i)
        reply["result"] = call.perform(request.value("kind", "file.read"),
                                       request.value("request", toolpost::json::object()));
      if (request.value("tell_time", false)) reply["remaining_ms"] = call.remaining_ms();
      return reply;
    } catch (const toolpost::Error& error) {
      return {{"status", error.status()}, {"message", error.what()}};
    }
  }
};

TOOLPOST_PLUGIN(Asking)
