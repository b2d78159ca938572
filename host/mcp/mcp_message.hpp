#pragma once
// Takes one parsed JSON value apart as a JSON-RPC 2.0 message with MCP's rules. Judges form only; whether a
// method exists or a version is supported is decided in mcp_core.

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace toolpost {

/// JSON-RPC and MCP error codes that we send.
namespace mcp_code {
inline constexpr int parse_error = -32700;
inline constexpr int invalid_request = -32600;
inline constexpr int method_not_found = -32601;
inline constexpr int invalid_params = -32602;
inline constexpr int internal_error = -32603;
inline constexpr int unsupported_version = -32022;
}  // namespace mcp_code

struct McpFault {
  int code = mcp_code::invalid_request;
  std::string message;
  std::string data_json;  // may be empty
};

/// Views and elements are borrowed from the parser.
struct McpMessage {
  enum class Kind : std::uint8_t { request, notification, response };

  Kind kind = Kind::notification;
  std::string id;  // JSON token; empty: none, or not usable as one
  std::string_view method;
  std::optional<simdjson::dom::element> params;
  std::optional<simdjson::dom::element> result;  // of a response; one of these two
  std::optional<simdjson::dom::element> error;
};

/// Longest id or progress token, as a JSON token. Both are kept as long as their call runs.
inline constexpr std::size_t kMcpTokenBytesMax = 1024;

/// Fills `message`, also as far as possible (the id) when it returns a fault.
std::optional<McpFault> read_mcp_message(simdjson::dom::element root, McpMessage& message);

/// Appends a string or 64-bit integer as its one JSON token, so that equal values are equal texts. False for
/// other types, which leave `token` alone.
bool append_mcp_token(simdjson::dom::element value, std::string& token);

/// The id of a message that was refused as a whole, read with lighter checks; empty if there is no single
/// one.
std::string salvage_mcp_id(std::string_view padded_line);

/// One member of an object element; nothing when absent or when `object` is no object.
std::optional<simdjson::dom::element> mcp_member(simdjson::dom::element object, std::string_view key);
std::optional<std::string_view> mcp_string(std::optional<simdjson::dom::element> value);
bool is_mcp_object(std::optional<simdjson::dom::element> value);

}  // namespace toolpost
