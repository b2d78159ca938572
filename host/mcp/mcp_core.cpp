#include "mcp/mcp_core.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "json/json_text.hpp"
#include "json/raw_member.hpp"

namespace toolpost {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kModern = "2026-07-28";
constexpr std::array<std::string_view, 4> kLegacy = {"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"};
constexpr std::string_view kSupportedJson = R"(["2026-07-28"])";
constexpr std::string_view kVersionKey = "io.modelcontextprotocol/protocolVersion";
constexpr std::string_view kCapabilitiesKey = "io.modelcontextprotocol/clientCapabilities";
constexpr std::string_view kClientInfoKey = "io.modelcontextprotocol/clientInfo";
constexpr std::string_view kInstructions =
    R"("Workflow tools for coding agents. Call a workflow tool again with the continuation_id and step_number it names.")";
// Calls in flight on one connection; admission refuses far below this.
constexpr std::size_t kCallsMax = 100'000;
constexpr std::size_t kIdBytesMax = 1024;

constexpr int kParseError = -32700;
constexpr int kInvalidRequest = -32600;
constexpr int kMethodNotFound = -32601;
constexpr int kInvalidParams = -32602;
constexpr int kUnsupportedVersion = -32022;

bool is_id(dom::element value) {
  return value.is<std::int64_t>() || value.is<std::uint64_t>() || value.is<std::string_view>();
}

std::string_view text_at(dom::element object, std::string_view key) {
  std::string_view text;
  if (object.at_key(key).get(text) != simdjson::SUCCESS) return {};
  return text;
}

/// The raw slice of a nested member of a checked line; empty if absent.
std::string_view raw_at(std::string_view line, std::initializer_list<std::string_view> path) {
  for (const std::string_view key : path) {
    const auto member = raw_member(line, key);
    if (!member) return {};
    line = *member;
  }
  return line;
}

}  // namespace

McpCore::McpCore(const LimitSettings& limits, std::string version, McpHandler& handler, std::string& out)
    : reader_(limits), message_bytes_max_(limits.message_bytes_max),
      server_info_(R"({"name":"toolpost","title":"Toolpost","version":")" + version + "\"}"), handler_(handler), out_(out) {}

void McpCore::answer(std::string_view id, std::string_view result_json) {
  out_ += R"({"jsonrpc":"2.0","id":)";
  out_ += id;
  out_ += R"(,"result":)";
  out_ += result_json;
  out_ += "}\n";
}

void McpCore::error(std::string_view id, int code, std::string_view message, std::string_view data_json) {
  out_ += R"({"jsonrpc":"2.0",)";
  if (!id.empty()) {
    out_ += R"("id":)";
    out_ += id;
    out_ += ',';
  }
  out_ += R"("error":{"code":)" + std::to_string(code) + R"(,"message":)";
  append_json_string(out_, message);
  if (!data_json.empty()) {
    out_ += R"(,"data":)";
    out_ += data_json;
  }
  out_ += "}}\n";
}

void McpCore::on_oversize() {
  error({}, kInvalidRequest,
        "the message is longer than limits.message_bytes_max = " + std::to_string(message_bytes_max_) + " and was skipped");
}

void McpCore::on_message(std::string_view line) {
  const auto root = reader_.read(line);
  if (!root) return error({}, kParseError, root.error().message);
  Request request;
  if (read_envelope(*root, line, request)) dispatch(request);
}

bool McpCore::read_envelope(dom::element root, std::string_view line, Request& request) {
  const auto refuse = [this](std::string_view id, std::string_view why) {
    error(id, kInvalidRequest, why);
    return false;
  };
  if (root.is<dom::array>()) return refuse({}, "batches are not part of this protocol; send one message a line");
  if (!root.is<dom::object>()) return refuse({}, "a message must be a JSON object");
  request.line = line;
  dom::element id;
  const bool has_id = root.at_key("id").get(id) == simdjson::SUCCESS;
  if (has_id && !is_id(id)) return refuse({}, "id must be a string or an integer");
  if (has_id) {
    request.id = raw_at(line, {"id"});
    if (request.id.size() > kIdBytesMax) return refuse({}, "id is longer than 1024 bytes");
  }
  if (text_at(root, "jsonrpc") != "2.0") return refuse(request.id, "jsonrpc must be \"2.0\"");
  dom::element method;
  if (root.at_key("method").get(method) != simdjson::SUCCESS) {
    // An answer of the client to something we never asked; nothing to do and nobody to tell.
    dom::element ignored;
    if (has_id && (root.at_key("result").get(ignored) == simdjson::SUCCESS ||
                   root.at_key("error").get(ignored) == simdjson::SUCCESS)) {
      return false;
    }
    return refuse(request.id, "method is missing");
  }
  if (method.get(request.method) != simdjson::SUCCESS) return refuse(request.id, "method must be a string");
  request.has_params = root.at_key("params").get(request.params) == simdjson::SUCCESS;
  if (request.has_params && !request.params.is<dom::object>()) {
    if (request.id.empty()) return false;
    error(request.id, kInvalidParams, "params must be an object");
    return false;
  }
  request.has_meta = request.has_params && request.params.at_key("_meta").get(request.meta) == simdjson::SUCCESS &&
                     request.meta.is<dom::object>();
  return true;
}

void McpCore::dispatch(const Request& request) {
  // The client decides by how it speaks: a version in _meta is the stateless era, whatever came before.
  dom::element version;
  if (request.has_meta && request.meta.at_key(kVersionKey).get(version) == simdjson::SUCCESS) {
    std::string_view text;
    if (version.get(text) != simdjson::SUCCESS) {
      if (!request.id.empty()) error(request.id, kInvalidParams, "the protocol version in _meta must be a string");
      return;
    }
    return dispatch_modern(request, text);
  }
  if (request.method == "initialize" || !legacy_version_.empty()) return dispatch_legacy(request);
  if (request.id.empty()) {
    if (request.method == "notifications/cancelled") cancel(request);
    return;
  }
  if (request.method == "ping") return answer(request.id, "{}");
  error(request.id, kInvalidParams,
        "say which protocol you speak: either params._meta with io.modelcontextprotocol/protocolVersion = 2026-07-28, or "
        "initialize first (2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05)");
}

void McpCore::dispatch_modern(const Request& request, std::string_view version) {
  if (request.id.empty()) {
    if (request.method == "notifications/cancelled") cancel(request);
    return;
  }
  if (version != kModern) {
    std::string data = R"({"supported":)" + std::string(kSupportedJson) + R"(,"requested":)";
    append_json_string(data, version);
    return error(request.id, kUnsupportedVersion, "unsupported protocol version", data + "}");
  }
  dom::element capabilities;
  if (request.meta.at_key(kCapabilitiesKey).get(capabilities) != simdjson::SUCCESS || !capabilities.is<dom::object>()) {
    return error(request.id, kInvalidParams, "params._meta lacks the object io.modelcontextprotocol/clientCapabilities");
  }
  if (request.method == "tools/call") return call_tool(request, McpEra::modern);
  if (request.method == "tools/list") return list_tools(request, McpEra::modern);
  if (request.method == "server/discover") return discover(request);
  error(request.id, kMethodNotFound, "unknown method " + std::string(request.method.substr(0, 100)));
}

void McpCore::dispatch_legacy(const Request& request) {
  if (request.id.empty()) {
    if (request.method == "notifications/cancelled") cancel(request);
    return;
  }
  if (request.method == "tools/call") return call_tool(request, McpEra::legacy);
  if (request.method == "tools/list") return list_tools(request, McpEra::legacy);
  if (request.method == "ping") return answer(request.id, "{}");
  if (request.method == "initialize") return initialize(request);
  error(request.id, kMethodNotFound, "unknown method " + std::string(request.method.substr(0, 100)));
}

void McpCore::initialize(const Request& request) {
  const std::string_view asked = request.has_params ? text_at(request.params, "protocolVersion") : std::string_view{};
  if (asked.empty()) return error(request.id, kInvalidParams, "initialize lacks protocolVersion");
  const auto known = std::find(kLegacy.begin(), kLegacy.end(), asked);
  legacy_version_ = known == kLegacy.end() ? kLegacy.front() : *known;
  dom::element client;
  if (request.params.at_key("clientInfo").get(client) == simdjson::SUCCESS && client.is<dom::object>()) {
    client_name_ = text_at(client, "name");
  }
  std::string result = R"({"protocolVersion":")" + legacy_version_ + R"(","capabilities":{"tools":{}},"serverInfo":)" +
                       server_info_ + R"(,"instructions":)";
  result += kInstructions;
  answer(request.id, result + "}");
}

void McpCore::discover(const Request& request) {
  std::string result = R"({"resultType":"complete","supportedVersions":)" + std::string(kSupportedJson) +
                       R"(,"capabilities":{"tools":{}},"ttlMs":300000,"cacheScope":"public","instructions":)";
  result += kInstructions;
  answer(request.id, result + R"(,"_meta":{"io.modelcontextprotocol/serverInfo":)" + server_info_ + "}}");
}

void McpCore::list_tools(const Request& request, McpEra era) {
  dom::element cursor;
  if (request.has_params && request.params.at_key("cursor").get(cursor) == simdjson::SUCCESS) {
    return error(request.id, kInvalidParams, "cursor is not one of ours: the list has a single page");
  }
  std::string result = R"({"tools":)";
  result += handler_.tools_json();
  if (era == McpEra::modern) {
    result += R"(,"resultType":"complete","ttlMs":300000,"cacheScope":"public","_meta":{"io.modelcontextprotocol/serverInfo":)" +
              server_info_ + "}";
  }
  answer(request.id, result + "}");
}

void McpCore::call_tool(const Request& request, McpEra era) {
  if (!request.has_params) return error(request.id, kInvalidParams, "tools/call lacks params.name");
  McpToolCall call;
  call.tool = text_at(request.params, "name");
  if (call.tool.empty()) return error(request.id, kInvalidParams, "params.name must be the name of a tool");
  if (!handler_.has_tool(call.tool)) {
    return error(request.id, kInvalidParams,
                 "unknown tool " + std::string(call.tool.substr(0, 100)) + handler_.suggest_tool(call.tool));
  }
  call.arguments_raw = "{}";
  call.has_arguments = request.params.at_key("arguments").get(call.arguments) == simdjson::SUCCESS;
  if (call.has_arguments) {
    if (!call.arguments.is<dom::object>()) return error(request.id, kInvalidParams, "params.arguments must be an object");
    call.arguments_raw = raw_at(request.line, {"params", "arguments"});
  }
  std::string key(request.id);
  if (by_id_.contains(key)) {
    return error(request.id, kInvalidRequest, "a request with this id is still running");
  }
  if (calls_.size() >= kCallsMax) return error(request.id, kInvalidRequest, "too many calls in flight");
  call.number = ++last_;
  Call entry;
  entry.id = key;
  entry.era = era;
  dom::element token;
  if (request.has_meta && request.meta.at_key("progressToken").get(token) == simdjson::SUCCESS && is_id(token)) {
    entry.progress_token = raw_at(request.line, {"params", "_meta", "progressToken"});
  }
  call.wants_progress = !entry.progress_token.empty();
  call.client_name = client_name_;
  if (era == McpEra::modern) {
    dom::element client;
    call.client_name = request.meta.at_key(kClientInfoKey).get(client) == simdjson::SUCCESS && client.is<dom::object>()
                           ? text_at(client, "name") : std::string_view{};
  }
  by_id_.emplace(std::move(key), call.number);
  calls_.emplace(call.number, std::move(entry));
  handler_.call_tool(call);
}

void McpCore::cancel(const Request& request) {
  dom::element id;
  if (!request.has_params || request.params.at_key("requestId").get(id) != simdjson::SUCCESS || !is_id(id)) return;
  const auto found = by_id_.find(std::string(raw_at(request.line, {"params", "requestId"})));
  if (found == by_id_.end()) return;
  const McpCallNumber number = found->second;
  by_id_.erase(found);
  calls_.erase(number);
  handler_.cancel_call(number);
}

void McpCore::finish(McpCallNumber number, const McpToolResult& result) {
  const auto found = calls_.find(number);
  if (found == calls_.end()) return;
  const Call call = std::move(found->second);
  calls_.erase(found);
  by_id_.erase(call.id);
  const bool modern = call.era == McpEra::modern;
  // structuredContent came with 2025-06-18; the revision names sort by date.
  const bool structured = modern || legacy_version_ >= "2025-06-18";
  const std::string_view text = result.text.empty() ? result.structured_json : result.text;
  out_.reserve(out_.size() + call.id.size() + text.size() + text.size() / 4 + result.structured_json.size() + 256);
  out_ += R"({"jsonrpc":"2.0","id":)";
  out_ += call.id;
  out_ += R"(,"result":{"content":[{"type":"text","text":)";
  append_json_string(out_, text);
  out_ += "}]";
  if (structured && !result.structured_json.empty()) {
    out_ += R"(,"structuredContent":)";
    out_ += result.structured_json;
  }
  if (result.is_error) out_ += R"(,"isError":true)";
  if (modern) out_ += R"(,"resultType":"complete")";
  if (modern || !result.meta_json.empty()) {
    out_ += R"(,"_meta":{)";
    out_ += result.meta_json;
    if (modern) {
      if (!result.meta_json.empty()) out_ += ',';
      out_ += R"("io.modelcontextprotocol/serverInfo":)" + server_info_;
    }
    out_ += '}';
  }
  out_ += "}}\n";
}

void McpCore::progress(McpCallNumber number, double progress, double total, std::string_view message) {
  const auto found = calls_.find(number);
  if (found == calls_.end() || found->second.progress_token.empty() || progress <= found->second.last_progress) return;
  found->second.last_progress = progress;
  const auto append_number = [this](double value) {
    char digits[40];
    std::snprintf(digits, sizeof digits, "%.15g", value);
    out_ += digits;
  };
  out_ += R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)";
  out_ += found->second.progress_token;
  out_ += R"(,"progress":)";
  append_number(progress);
  if (total > 0) {
    out_ += R"(,"total":)";
    append_number(total);
  }
  if (!message.empty()) {
    out_ += R"(,"message":)";
    append_json_string(out_, message);
  }
  out_ += "}}\n";
}

}  // namespace toolpost
