// version: which Toolpost this is.
#include <toolpost/plugin.hpp>

struct Version : toolpost::Plugin {
  toolpost::json invoke(toolpost::Call& call, std::string_view, const toolpost::json&) override {
    return call.perform("host.status", {{"part", "version"}});
  }
};

TOOLPOST_PLUGIN(Version)
