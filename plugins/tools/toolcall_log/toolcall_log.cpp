// toolcall_log_tail: the asking owner's last calls, as the host remembers them.
#include <toolpost/plugin.hpp>

namespace {

using toolpost::json;

constexpr int kEventsUsual = 20;

struct ToolcallLog : toolpost::Plugin {
  json invoke(toolpost::Call& call, std::string_view, const json& request) override {
    const json seen =
        call.perform("host.status", {{"part", "calls"}, {"n", request.value("n", kEventsUsual)}});
    const json events = seen.value("calls", json::array());
    json metadata = {{"tool_name", "toolcall_log_tail"}};
    const bool kept = seen.value("calls_max", 0) > 0;
    if (!kept) metadata["reason"] = "the operator keeps no calls: log.recent_calls_max = 0";
    // The predecessor read any file that was named here.
    if (request.contains("path")) metadata["ignored_fields"] = {"path"};
    return {{"status", kept ? "ok" : "disabled"},
            {"count", events.size()},
            {"events", events},
            {"metadata", metadata}};
  }
};

}  // namespace

TOOLPOST_PLUGIN(ToolcallLog)
