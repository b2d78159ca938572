#pragma once
// What the protocol needs from the host: the list of tools and somebody who runs calls.
// Not for scheduling or limits: a handler may answer at once, later, or never (admission decides).
// Questions go the other way: in the legacy era as requests of ours while the call runs, in the stateless
// revision as an unfinished answer that the client's next call completes.

#include <simdjson.h>

#include <cstdint>
#include <string_view>

namespace toolpost {

/// What a client says that it can do for a server.
struct McpAbilities {
  bool asks_user = false;   // elicitation with a form
  bool asks_model = false;  // sampling
};

/// One accepted tools/call. Everything but `number` is borrowed until call_tool() returns.
struct McpToolCall {
  std::uint64_t number = 0;  // ours; never used twice on a connection, never 0
  std::string_view tool;
  std::string_view arguments_raw;    // JSON text of params.arguments as it came, "{}" if absent
  simdjson::dom::element arguments;  // the same, an object
  bool wants_progress = false;       // the client gave a progressToken
  bool durable = false;              // _meta["toolpost/durable"]: to be finished after a crash of the host
  std::string_view client_name;      // clientInfo.name; empty if not told
  bool modern = false;               // revision 2026-07-28 or later
  McpAbilities abilities;
  std::string_view request_state;        // ours, of an unfinished answer; empty: the call begins
  std::string_view input_responses_raw;  // JSON object of the client's answers by key; "{}" if absent
};

/// What the client said to a request of ours. Borrowed until on_answer() returns.
struct McpAnswer {
  std::string_view result_raw;  // JSON text, any value; empty when it refused
  std::string_view refusal;     // its error message
};

/// The answer of a tool, borrowed until McpCore::finish() returns. JSON texts must be valid; newlines between
/// tokens are fine.
struct McpToolResult {
  std::string_view structured_json;  // any JSON value; may be empty
  std::string_view
      text;  // what is no UTF-8 in it goes out as U+FFFD; empty: the text of structured_json is sent instead
  bool is_error = false;
  std::string_view meta_json;  // members for _meta without braces, e.g. "\"com.x/y\":1"; may be empty
};

/// Threads: the loop's. Every function may call back into the core.
class McpHandler {
 public:
  virtual ~McpHandler() = default;

  /// Runs one call; ends with one finish() or fail() on the core, from inside or later.
  virtual void call_tool(const McpToolCall& call) = 0;
  /// The client no longer wants the answer; what is still sent for `number` is dropped.
  virtual void cancel_call(std::uint64_t number) = 0;
  /// The answer to a question of ask(); once for each, unless it was withdrawn.
  virtual void on_answer(std::uint64_t question, const McpAnswer& answer) = 0;
  /// The JSON array of all tools, each with a "name"; same order every time. Borrowed until the next call.
  virtual std::string_view tools_json() = 0;
  /// Empty when there is such a tool; else what to tell the client.
  virtual std::string why_no_tool(std::string_view name) = 0;
  /// A line was refused that is no JSON, or breaks a limit of size or structure; the core has answered it.
  virtual void on_refused_line() {}
};

}  // namespace toolpost
