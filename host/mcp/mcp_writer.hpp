#pragma once
// Appends our messages to the output, one line each. Knows how the revisions differ in what they send;
// decides nothing.

#include <string>
#include <string_view>

#include "mcp/mcp_call_table.hpp"
#include "mcp/mcp_handler.hpp"
#include "mcp/mcp_message.hpp"

namespace toolpost {

/// Who we are, as clients show it.
struct McpServerInfo {
  std::string name = "toolpost";
  std::string version;
  std::string title = "Toolpost";
  std::string instructions =  // for the model; empty: none sent
      "Workflow tools that run as plugins of this host. Every call is answered by its deadline, with a "
      "result or "
      "with an error that says what went wrong and whether asking again may help. Long calls report "
      "progress.";
  std::uint64_t tools_ttl_ms =
      300'000;  // how long a modern client may keep discover and tools/list; 0: not at all
};

/// Borrows `out`. What does not change is serialized once, at construction.
class McpWriter {
 public:
  McpWriter(const McpServerInfo& info, std::string& out);

  void discover(std::string_view id);
  void initialize(std::string_view id, McpRevision agreed);
  void tools(std::string_view id, McpRevision revision, std::string_view tools_json);
  void empty_result(std::string_view id);
  void tool_result(const McpOpenCall& call, const McpToolResult& result);
  /// An unfinished answer: the questions by key, what the next call brings back, and members for _meta.
  void input_required(std::string_view id, std::string_view requests_json, std::string_view state,
                      std::string_view meta_json);
  /// A request of ours, and its withdrawal; for legacy clients.
  void request(std::string_view id, std::string_view method, std::string_view params_json);
  void cancelled(std::string_view request_id, std::string_view reason);
  void tools_changed();
  /// `total` of 0 and an empty `message` are left out.
  void progress(const McpOpenCall& call, double progress, double total, std::string_view message);
  /// An empty id is left out: it could not be read.
  void error(std::string_view id, const McpFault& fault);

 private:
  void begin_result(std::string_view id);

  std::string& out_;
  std::string server_info_;   // JSON object
  std::string instructions_;  // JSON member with leading comma, or empty
  std::string cache_;         // members ttlMs and cacheScope, with leading comma
};

}  // namespace toolpost
