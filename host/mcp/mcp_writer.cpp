#include "mcp/mcp_writer.hpp"

#include <algorithm>
#include <charconv>

#include "json/json_text.hpp"

namespace toolpost {
namespace {

constexpr std::string_view kServerInfoKey = "\"io.modelcontextprotocol/serverInfo\":";
constexpr std::string_view kModernCapabilities = "{\"tools\":{}}";  // changes would need subscriptions
constexpr std::string_view kLegacyCapabilities = "{\"tools\":{\"listChanged\":true}}";

// In valid JSON a newline byte can only stand between tokens, so a space says the same on one line.
void append_on_one_line(std::string& out, std::string_view json) {
  const std::size_t from = out.size();
  out += json;
  // Two searches: find_first_of would ask memchr once per byte.
  if (json.find('\n') == std::string_view::npos && json.find('\r') == std::string_view::npos) return;
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(from), out.end(),
      [](char byte) { return byte == '\n' || byte == '\r'; }, ' ');
}

void append_number(std::string& out, double value) {
  char digits[40];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

bool is_object_text(std::string_view json) {
  const std::size_t first = json.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && json[first] == '{';
}

// Before 2025-06-18 nobody knew the member; until 2025-11-25 clients refuse anything but an object in it.
bool sends_structured(McpRevision revision, std::string_view json) {
  if (json.empty() || revision < McpRevision::v2025_06_18) return false;
  return is_modern(revision) || is_object_text(json);
}

}  // namespace

namespace {

/// Text that plugins and upstreams had a hand in: whatever it is, the line stays valid.
void append_foreign_text(std::string& out, std::string_view text) {
  append_json_string(out, is_valid_utf8(text) ? text : std::string_view(replace_invalid_utf8(text)));
}

}  // namespace

McpWriter::McpWriter(const McpServerInfo& info, std::string& out) : out_(out) {
  server_info_ = "{\"name\":";
  append_json_string(server_info_, info.name);
  server_info_ += ",\"title\":";
  append_json_string(server_info_, info.title);
  server_info_ += ",\"version\":";
  append_json_string(server_info_, info.version);
  server_info_ += '}';
  if (!info.instructions.empty()) {
    instructions_ = ",\"instructions\":";
    append_json_string(instructions_, info.instructions);
  }
  cache_ = ",\"ttlMs\":" + std::to_string(info.tools_ttl_ms) + ",\"cacheScope\":\"public\"";
}

void McpWriter::begin_result(std::string_view id) {
  out_ += "{\"jsonrpc\":\"2.0\",\"id\":";
  out_ += id;
  out_ += ",\"result\":{";
}

void McpWriter::discover(std::string_view id) {
  begin_result(id);
  out_ += "\"resultType\":\"complete\",\"supportedVersions\":[";
  // Legacy revisions are not named: a client would send requests of this era with them.
  char separator = 0;
  for (const McpRevision revision : kMcpRevisions) {
    if (!is_modern(revision)) continue;
    if (separator != 0) out_ += separator;
    separator = ',';
    append_json_string(out_, name(revision));
  }
  out_.append("],\"capabilities\":").append(kModernCapabilities).append(instructions_).append(cache_);
  out_.append(",\"_meta\":{").append(kServerInfoKey).append(server_info_).append("}}}\n");
}

void McpWriter::initialize(std::string_view id, McpRevision agreed) {
  begin_result(id);
  out_ += "\"protocolVersion\":";
  append_json_string(out_, name(agreed));
  out_.append(",\"capabilities\":")
      .append(kLegacyCapabilities)
      .append(",\"serverInfo\":")
      .append(server_info_);
  out_.append(instructions_).append("}}\n");
}

void McpWriter::tools(std::string_view id, McpRevision revision, std::string_view tools_json) {
  begin_result(id);
  if (is_modern(revision)) out_ += "\"resultType\":\"complete\",";
  out_ += "\"tools\":";
  append_on_one_line(out_, tools_json);
  if (is_modern(revision)) {
    out_.append(cache_).append(",\"_meta\":{").append(kServerInfoKey).append(server_info_) += '}';
  }
  out_ += "}}\n";
}

void McpWriter::empty_result(std::string_view id) {
  begin_result(id);
  out_ += "}}\n";
}

void McpWriter::tool_result(const McpOpenCall& call, const McpToolResult& result) {
  const bool modern = is_modern(call.revision);
  begin_result(call.id);
  if (modern) out_ += "\"resultType\":\"complete\",";
  // Some clients forward only the text, others only the structure, so both say the same. An empty text block
  // is left out, since some model APIs refuse it.
  out_ += "\"content\":[";
  const std::string_view text = result.text.empty() ? result.structured_json : result.text;
  if (!text.empty()) {
    out_ += "{\"type\":\"text\",\"text\":";
    append_foreign_text(out_, text);
    out_ += '}';
  }
  out_ += ']';
  if (sends_structured(call.revision, result.structured_json)) {
    out_ += ",\"structuredContent\":";
    append_on_one_line(out_, result.structured_json);
  }
  if (result.is_error) out_ += ",\"isError\":true";
  if (modern || !result.meta_json.empty()) {
    out_ += ",\"_meta\":{";
    if (modern) out_.append(kServerInfoKey).append(server_info_);
    if (modern && !result.meta_json.empty()) out_ += ',';
    append_on_one_line(out_, result.meta_json);
    out_ += '}';
  }
  out_ += "}}\n";
}

void McpWriter::input_required(std::string_view id, std::string_view requests_json, std::string_view state,
                               std::string_view meta_json) {
  begin_result(id);
  out_ += "\"resultType\":\"input_required\",\"inputRequests\":";
  append_on_one_line(out_, requests_json);
  out_ += ",\"requestState\":";
  append_json_string(out_, state);
  out_.append(",\"_meta\":{").append(kServerInfoKey).append(server_info_) += ',';
  append_on_one_line(out_, meta_json);
  out_ += "}}}\n";
}

void McpWriter::request(std::string_view id, std::string_view method, std::string_view params_json) {
  out_.append("{\"jsonrpc\":\"2.0\",\"id\":").append(id).append(",\"method\":");
  append_json_string(out_, method);
  out_ += ",\"params\":";
  append_on_one_line(out_, params_json);
  out_ += "}\n";
}

void McpWriter::cancelled(std::string_view request_id, std::string_view reason) {
  out_ += "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":";
  out_.append(request_id).append(",\"reason\":");
  append_json_string(out_, reason);
  out_ += "}}\n";
}

void McpWriter::tools_changed() {
  out_ += "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n";
}

void McpWriter::progress(const McpOpenCall& call, double progress, double total, std::string_view message) {
  out_ += "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":";
  out_ += call.progress_token;
  out_ += ",\"progress\":";
  append_number(out_, progress);
  if (total != 0) {
    out_ += ",\"total\":";
    append_number(out_, total);
  }
  if (!message.empty() && call.revision > McpRevision::v2024_11_05) {  // that one has no message
    out_ += ",\"message\":";
    append_foreign_text(out_, message);
  }
  out_ += "}}\n";
}

void McpWriter::error(std::string_view id, const McpFault& fault) {
  out_ += "{\"jsonrpc\":\"2.0\",";
  if (!id.empty()) out_.append("\"id\":").append(id) += ',';
  out_.append("\"error\":{\"code\":").append(std::to_string(fault.code)).append(",\"message\":");
  append_foreign_text(out_, fault.message);
  if (!fault.data_json.empty()) {
    out_ += ",\"data\":";
    append_on_one_line(out_, fault.data_json);
  }
  out_ += "}}\n";
}

}  // namespace toolpost
