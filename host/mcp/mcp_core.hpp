#pragma once
// The Model Context Protocol of one connection, both eras, as a pure state machine: lines in, lines out, calls up.
// Not for reading or writing descriptors (transport/) and not for what a tool does.

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/result.hpp"
#include "json/json_reader.hpp"

namespace toolpost {

using McpCallNumber = std::uint64_t;

enum class McpEra { modern, legacy };

/// One accepted tools/call. Views are borrowed for the duration of the handler's function.
struct McpToolCall {
  McpCallNumber number = 0;
  std::string_view tool;
  std::string_view arguments_raw;       // "{}" if absent
  simdjson::dom::element arguments;     // valid only if arguments were given
  bool has_arguments = false;
  bool wants_progress = false;
  std::string_view client_name;
};

struct McpToolResult {
  std::string_view structured_json;     // may be empty
  std::string_view text;                // empty: the structured JSON is also the text
  bool is_error = false;
  std::string_view meta_json;           // members of _meta, without braces; may be empty
};

class McpHandler {
 public:
  virtual ~McpHandler() = default;
  virtual void call_tool(const McpToolCall& call) = 0;
  /// The client takes the call back; no finish() is expected.
  virtual void cancel_call(McpCallNumber number) = 0;
  /// The serialized array of tools; stays the same for the life of the connection.
  virtual std::string_view tools_json() = 0;
  virtual bool has_tool(std::string_view name) = 0;
  virtual std::string suggest_tool(std::string_view name) = 0;
};

class McpCore {
 public:
  /// Answers are appended to `out`, one line each. `version` is the server's.
  McpCore(const LimitSettings& limits, std::string version, McpHandler& handler, std::string& out);

  /// One line without its newline, followed by simdjson's padding.
  void on_message(std::string_view line);
  /// A line was longer than limits.message_bytes_max and skipped.
  void on_oversize();

  /// Ends a call. Does nothing for one that was cancelled.
  void finish(McpCallNumber number, const McpToolResult& result);
  /// Sends progress if the client asked for it; values that do not increase are dropped.
  void progress(McpCallNumber number, double progress, double total, std::string_view message);
  std::size_t calls() const { return calls_.size(); }

 private:
  struct Call {
    std::string id;               // the JSON-RPC id as it came
    McpEra era = McpEra::legacy;
    std::string progress_token;   // as it came; empty: none
    double last_progress = -1;
  };
  struct Request {
    std::string_view line;
    std::string_view id;          // raw; empty for a notification
    std::string_view method;
    simdjson::dom::element params;
    bool has_params = false;
    simdjson::dom::element meta;
    bool has_meta = false;
  };

  bool read_envelope(simdjson::dom::element root, std::string_view line, Request& request);
  void dispatch(const Request& request);
  void dispatch_modern(const Request& request, std::string_view version);
  void dispatch_legacy(const Request& request);
  void initialize(const Request& request);
  void discover(const Request& request);
  void list_tools(const Request& request, McpEra era);
  void call_tool(const Request& request, McpEra era);
  void cancel(const Request& request);
  void answer(std::string_view id, std::string_view result_json);
  void error(std::string_view id, int code, std::string_view message, std::string_view data_json = {});

  JsonReader reader_;
  const std::uint64_t message_bytes_max_;
  const std::string server_info_;
  McpHandler& handler_;
  std::string& out_;
  std::unordered_map<McpCallNumber, Call> calls_;
  std::unordered_map<std::string, McpCallNumber> by_id_;
  McpCallNumber last_ = 0;
  std::string legacy_version_;    // empty until initialize
  std::string client_name_;
};

}  // namespace toolpost
