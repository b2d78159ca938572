// status: how the running host is doing.
#include <toolpost/plugin.hpp>

struct Status : toolpost::Plugin {
  toolpost::json invoke(toolpost::Call& call, std::string_view, const toolpost::json&) override {
    return call.perform("host.status", {{"part", "all"}});
  }
};

TOOLPOST_PLUGIN(Status)
