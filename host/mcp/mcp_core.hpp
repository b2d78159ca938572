#pragma once
// The MCP server protocol of one connection as a state machine: lines in, lines out, calls up to the handler.
// Speaks the stateless revision 2026-07-28 and the legacy ones that open with initialize, side by side.
// Not for waiting, deadlines or bounds on running calls: those are the handler's.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>

#include "config/settings.hpp"
#include "json/json_reader.hpp"
#include "mcp/mcp_call_table.hpp"
#include "mcp/mcp_handler.hpp"
#include "mcp/mcp_message.hpp"
#include "mcp/mcp_writer.hpp"

namespace toolpost {

/// Threads: one at a time.
class McpCore {
 public:
  /// Borrows `handler` and `out`; every message is appended to `out` as one whole line.
  McpCore(const McpServerInfo& info, const LimitSettings& limits, McpHandler& handler, std::string& out);

  /// One line without its newline, followed by at least 64 readable bytes.
  void on_message(std::string_view padded_line);
  /// A line was skipped because it passed limits.message_bytes_max.
  void on_oversize();

  /// Answers a call. Ignored when `number` was cancelled or answered already.
  void finish(std::uint64_t number, const McpToolResult& result);
  /// Answers a call with a JSON-RPC error; for failures of the protocol, not of a tool.
  void fail(std::uint64_t number, int jsonrpc_code, std::string_view message);
  /// Tells the client how far a call is. Dropped unless it asked for progress and `progress` is above the
  /// last one sent. `total` of 0: not known.
  void progress(std::uint64_t number, double progress, double total, std::string_view message);

  /// Asks a legacy client: sends it a request whose answer comes to McpHandler::on_answer(). `params_json` is
  /// one JSON object. Returns the question's number, never 0 and never used twice.
  std::uint64_t ask(std::string_view method, std::string_view params_json);
  /// The answer is no longer wanted; tells the client so.
  void withdraw(std::uint64_t question);
  /// Ends a call of the stateless revision as unfinished: `requests_json` is the object of questions by key,
  /// `state` what the client's next call must bring back, `meta_json` as McpToolResult's. Ignored as finish()
  /// ignores.
  void need_input(std::uint64_t number, std::string_view requests_json, std::string_view state,
                  std::string_view meta_json);

  /// tools/list would answer otherwise than before: tells a legacy client; one of the stateless revision asks
  /// again when its copy is too old.
  void tools_changed();

  std::size_t calls_in_flight() const { return calls_.size(); }
  /// clientInfo.name of the last initialize; empty for clients of the stateless revision.
  std::string_view legacy_client_name() const { return legacy_client_name_; }

 private:
  struct Request;  // what the request's own metadata say

  void on_unreadable(std::string_view padded_line, const Error& error);
  void on_notification();
  void on_response(std::string_view line);
  void on_request(std::string_view line);
  void on_modern(const Request& request);
  void on_legacy(const Request& request);
  void on_initialize();
  void list_tools(McpRevision revision);
  void call_tool(const Request& request);
  std::optional<McpFault> read_call(const Request& request, McpToolCall& call);
  std::optional<McpFault> read_continuation(std::string_view line, McpToolCall& call);
  void unknown_method();
  void refuse(int code, std::string message, std::string data_json = {});

  const LimitSettings limits_;
  McpHandler& handler_;
  McpWriter writer_;
  JsonReader reader_;
  simdjson::dom::parser no_arguments_parser_;
  simdjson::dom::element no_arguments_;  // {}, owned by the parser above
  McpMessage message_;                   // the one being handled; kept for its memory
  std::string progress_token_;           // of the same
  McpCallTable calls_;
  std::unordered_set<std::uint64_t> questions_;  // asked and not answered; bounded by the calls that ask
  std::uint64_t last_question_ = 0;
  bool legacy_open_ = false;
  McpRevision legacy_revision_ = kMcpLegacyNewest;
  std::string legacy_client_name_;
  McpAbilities legacy_abilities_;
};

}  // namespace toolpost
