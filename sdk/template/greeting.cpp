// A tool in ten lines: copy this folder, rename it, and say what it does.
#include <toolpost/plugin.hpp>

struct Greeting : toolpost::Plugin {
  toolpost::json invoke(toolpost::Call&, std::string_view, const toolpost::json& request) override {
    return {{"greeting", "Hello, " + request.value("name", "you") + "!"}};
  }
};

TOOLPOST_PLUGIN(Greeting)
