#pragma once
// One client's MCP session: joins the protocol with whoever runs calls. Progress, cancellation, and the end,
// which answers what is still running. Not for bytes and descriptors (the transport's).

#include <functional>
#include <string>
#include <unordered_map>

#include "base/scheduler.hpp"
#include "mcp/mcp_core.hpp"
#include "runtime/plugin_table.hpp"
#include "runtime/tool_host.hpp"

namespace toolpost {

/// The array of tools for tools/list, sorted by name, from manifests alone.
std::string tools_list_json(const PluginTable& plugins);

/// Threads: the loop's.
class McpSession final : private McpHandler, private ClientDesk {
 public:
  /// Borrows all; messages are appended to `out`. `ended` comes once after shut_down(), when everything is
  /// answered. `owner` is whose calls these are.
  McpSession(Scheduler& loop, ToolHost& host, OwnerId owner, std::string tools_json, std::string& out,
             std::function<void()> ended);
  ~McpSession() override;

  /// One line of the client, padded as McpCore wants it. Dropped once the session ends.
  void on_line(std::string_view padded_line);
  /// What tools/list answers from here on; a client that can be told is told when it is something else.
  void set_tools(std::string tools_json);
  void on_oversize() { core_.on_oversize(); }
  /// Answers what is running, as far as deadlines.shutdown_drain_ms allows.
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
  std::string why_no_tool(std::string_view name) override { return host_.why_no_tool(name); }
  void on_refused_line() override { host_.count_refused_line(); }

  void on_answer(std::uint64_t question, const McpAnswer& answer) override;
  QuestionId put(const ClientQuestion& question, Answered answered) override;
  void take_back(QuestionId question) override;

  void on_outcome(std::uint64_t number, const CallOutcome& outcome);
  void need_input(std::uint64_t number, const CallOutcome& outcome);
  void beat(std::uint64_t number);
  void end_if_done();

  Scheduler& loop_;
  ToolHost& host_;
  const OwnerId owner_;
  std::string tools_json_;
  const std::function<void()> ended_;
  McpCore core_;
  std::unordered_map<std::uint64_t, Running> running_;
  struct Asked {
    AskWhom whom = AskWhom::user;
    Answered answered;
  };
  std::unordered_map<QuestionId, Asked> asked_;  // what a legacy client was asked and has not answered
  TimerId drain_;
  bool ending_ = false;
  bool ended_told_ = false;
};

}  // namespace toolpost
