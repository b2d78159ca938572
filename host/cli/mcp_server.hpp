#pragma once
// Joins the protocol of one stdio client with the runtime: tool lists, calls, progress, cancellation, the
// end.

#include <map>
#include <string>
#include <unordered_map>

#include "base/event_loop.hpp"
#include "mcp/mcp_core.hpp"
#include "runtime/runtime.hpp"
#include "transport/stdio_transport.hpp"

namespace toolpost {

/// The array of tools for tools/list, sorted by name, from manifests alone.
std::string tools_list_json(const PluginTable& plugins);

class McpServer final : private McpHandler {
 public:
  McpServer(EventLoop& loop, Runtime& runtime, int in, int out);
  ~McpServer() override;
  /// Answers what is running, as far as deadlines.shutdown_drain_ms allows, then stops the loop.
  void shut_down();

 private:
  struct Running {
    RequestNumber request = 0;
    TimePoint accepted{};
    TimerId heartbeat;
    double heartbeats = 0;
    std::string said;  // the last progress message of the plugin or the provider
    TimePoint told{};  // when the client last heard of it
  };

  void call_tool(const McpToolCall& call) override;
  void cancel_call(std::uint64_t number) override;
  std::string_view tools_json() override { return tools_json_; }
  bool has_tool(std::string_view name) override { return static_cast<bool>(runtime_.plugins().tool(name)); }

  void on_outcome(std::uint64_t number, const CallOutcome& outcome);
  void beat(std::uint64_t number);
  void stop_if_done();

  EventLoop& loop_;
  Runtime& runtime_;
  const std::string tools_json_;
  StdioTransport transport_;
  McpCore core_;
  std::unordered_map<std::uint64_t, Running> running_;
  TimerId drain_;
  bool ending_ = false;
};

}  // namespace toolpost
