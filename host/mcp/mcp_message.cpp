#include "mcp/mcp_message.hpp"

#include <charconv>

#include "json/json_text.hpp"

namespace toolpost {
namespace {

namespace dom = simdjson::dom;

template <typename Integer>
void append_integer(std::string& out, Integer value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

McpFault invalid(std::string message) {
  return {mcp_code::invalid_request, std::move(message), {}};
}

struct Envelope {
  std::optional<dom::element> jsonrpc, id, method;
};

Envelope open_envelope(dom::object object, McpMessage& message) {
  Envelope envelope;
  for (const dom::key_value_pair member : object) {
    if (member.key == "jsonrpc")
      envelope.jsonrpc = member.value;
    else if (member.key == "id")
      envelope.id = member.value;
    else if (member.key == "method")
      envelope.method = member.value;
    else if (member.key == "params")
      message.params = member.value;
    else if (member.key == "result")
      message.result = member.value;
    else if (member.key == "error")
      message.error = member.value;
  }
  return envelope;
}

}  // namespace

bool append_mcp_token(dom::element value, std::string& token) {
  switch (value.type()) {
    case dom::element_type::INT64: {
      std::int64_t integer = 0;
      if (value.get(integer) != simdjson::SUCCESS) return false;
      append_integer(token, integer);
      return true;
    }
    case dom::element_type::UINT64: {
      std::uint64_t integer = 0;
      if (value.get(integer) != simdjson::SUCCESS) return false;
      append_integer(token, integer);
      return true;
    }
    case dom::element_type::STRING: {
      std::string_view text;
      if (value.get(text) != simdjson::SUCCESS) return false;
      append_json_string(token, text);
      return true;
    }
    default:
      return false;
  }
}

std::optional<McpFault> read_mcp_message(dom::element root, McpMessage& message) {
  message.id.clear();
  message.method = {};
  message.params.reset();
  message.result.reset();
  message.error.reset();
  message.kind = McpMessage::Kind::notification;
  if (root.is_array()) return invalid("batches are not part of MCP; send one message per line");
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS) return invalid("a message is a JSON object");

  const Envelope envelope = open_envelope(object, message);
  if (!envelope.method && (message.result || message.error)) {
    message.kind = McpMessage::Kind::response;
    if (envelope.id) append_mcp_token(*envelope.id, message.id);  // not ours if it is no token
    return std::nullopt;
  }
  if (envelope.id) {
    message.kind = McpMessage::Kind::request;
    if (!append_mcp_token(*envelope.id, message.id))
      return invalid("id must be a string or a 64-bit integer");
    if (message.id.size() > kMcpTokenBytesMax) {
      return invalid("id is longer than " + std::to_string(kMcpTokenBytesMax) + " bytes");
    }
  }
  if (mcp_string(envelope.jsonrpc) != "2.0") return invalid("jsonrpc must be \"2.0\"");
  if (!envelope.method) return invalid("method is missing");
  const auto method = mcp_string(envelope.method);
  if (!method) return invalid("method must be a string");
  message.method = *method;
  return std::nullopt;
}

std::string salvage_mcp_id(std::string_view padded_line) {
  dom::parser parser;
  dom::object object;
  std::string id;
  if (parser.parse(padded_line.data(), padded_line.size(), false).get(object) != simdjson::SUCCESS) return id;
  for (const dom::key_value_pair member : object) {
    if (member.key != "id") continue;
    if (!id.empty()) return {};
    if (!append_mcp_token(member.value, id)) return {};
  }
  if (id.size() > kMcpTokenBytesMax) id.clear();
  return id;
}

std::optional<dom::element> mcp_member(dom::element value, std::string_view key) {
  dom::object object;
  dom::element found;
  if (value.get(object) != simdjson::SUCCESS || object.at_key(key).get(found) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return found;
}

std::optional<std::string_view> mcp_string(std::optional<dom::element> value) {
  std::string_view text;
  if (!value || value->get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

bool is_mcp_object(std::optional<dom::element> value) {
  return value && value->is_object();
}

}  // namespace toolpost
