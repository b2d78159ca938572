#include "mcp/mcp_core.hpp"

#include <charconv>
#include <cmath>
#include <vector>

#include "base/text.hpp"
#include "json/json_text.hpp"
#include "json/raw_member.hpp"

namespace toolpost {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kVersionKey = "io.modelcontextprotocol/protocolVersion";
constexpr std::string_view kCapabilitiesKey = "io.modelcontextprotocol/clientCapabilities";
constexpr std::string_view kClientInfoKey = "io.modelcontextprotocol/clientInfo";
constexpr std::string_view kQuestionPrefix = "\"toolpost-";  // of our requests' ids, as JSON tokens
constexpr std::size_t kRequestStateMax = 4096;

// What a client wrote, short enough for an error message, never cut inside a character.
std::string shown(std::string_view text) {
  constexpr std::size_t kShownMax = 80;
  if (text.size() <= kShownMax) return "\"" + std::string(text) + "\"";
  std::size_t end = kShownMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return "\"" + std::string(text.substr(0, end)) + "...\"";
}

std::string_view client_name_in(std::optional<dom::element> client_info) {
  constexpr std::size_t kNameMax = 256;
  const auto found = client_info ? mcp_string(mcp_member(*client_info, "name")) : std::nullopt;
  return found && found->size() <= kNameMax ? *found : std::string_view();
}

/// Forms came before links: an empty member, and one that names forms, means them.
McpAbilities abilities_in(dom::element capabilities) {
  McpAbilities abilities;
  abilities.asks_model = is_mcp_object(mcp_member(capabilities, "sampling"));
  const auto elicitation = mcp_member(capabilities, "elicitation");
  if (!is_mcp_object(elicitation)) return abilities;
  const bool links_only =
      mcp_member(*elicitation, "url").has_value() && !mcp_member(*elicitation, "form").has_value();
  abilities.asks_user = !links_only;
  return abilities;
}

/// The number in the id of a request of ours; 0 for any other id.
std::uint64_t question_number(std::string_view id) {
  std::uint64_t number = 0;
  if (!id.starts_with(kQuestionPrefix) || !id.ends_with('"')) return 0;
  const char* from = id.data() + kQuestionPrefix.size();
  const char* to = id.data() + id.size() - 1;
  const auto read = std::from_chars(from, to, number);
  return read.ec == std::errc() && read.ptr == to ? number : 0;
}

std::string unsupported_data(std::string_view requested) {
  std::string data = "{\"supported\":[\"";
  data.append(name(McpRevision::v2026_07_28)).append("\"],\"requested\":");
  append_json_string(data, requested.substr(0, kMcpTokenBytesMax));
  return data + "}";
}

McpFault invalid_params(std::string message) {
  return {mcp_code::invalid_params, std::move(message), {}};
}

}  // namespace

struct McpCore::Request {
  std::string_view line;
  std::optional<dom::element> meta;
  McpRevision revision = kMcpLegacyNewest;
  std::string_view client_name;
  McpAbilities abilities;

  /// The version the request itself names must be one of ours and come with the client's capabilities.
  std::optional<McpFault> take_modern(dom::element version_element) {
    const auto version = mcp_string(version_element);
    if (!version)
      return invalid_params("params._meta[\"" + std::string(kVersionKey) + "\"] must be a string");
    const auto capabilities = mcp_member(*meta, kCapabilitiesKey);
    if (!is_mcp_object(capabilities)) {
      return invalid_params("params._meta[\"" + std::string(kCapabilitiesKey) +
                            "\"] is missing or no object");
    }
    const auto known = mcp_revision(*version);
    if (!known || !is_modern(*known)) {
      return McpFault{mcp_code::unsupported_version,
                      "protocol version " + shown(*version) + " is not supported here; send " +
                          mcp_revisions_text(McpEra::modern) + ", or open with initialize for " +
                          mcp_revisions_text(McpEra::legacy),
                      unsupported_data(*version)};
    }
    revision = *known;
    abilities = abilities_in(*capabilities);
    client_name = client_name_in(mcp_member(*meta, kClientInfoKey));
    return std::nullopt;
  }
};

McpCore::McpCore(const McpServerInfo& info, const LimitSettings& limits, McpHandler& handler,
                 std::string& out)
    : limits_(limits), handler_(handler), writer_(info, out), reader_(limits) {
  [[maybe_unused]] const auto error = no_arguments_parser_.parse("{}", 2).get(no_arguments_);
}

void McpCore::refuse(int code, std::string message, std::string data_json) {
  writer_.error(message_.id, {code, std::move(message), std::move(data_json)});
}

void McpCore::on_message(std::string_view padded_line) {
  const auto root = reader_.read(padded_line);
  if (!root) return on_unreadable(padded_line, root.error());
  if (const auto fault = read_mcp_message(*root, message_)) return writer_.error(message_.id, *fault);
  switch (message_.kind) {
    case McpMessage::Kind::request:
      return on_request(padded_line);
    case McpMessage::Kind::notification:
      return on_notification();
    case McpMessage::Kind::response:
      return on_response(padded_line);
  }
}

void McpCore::on_unreadable(std::string_view padded_line, const Error& error) {
  // Valid JSON that only passes our limits still has an id, and a client that waits for it.
  const std::string id = salvage_mcp_id(padded_line);
  writer_.error(id, {id.empty() ? mcp_code::parse_error : mcp_code::invalid_request, error.message, {}});
  handler_.on_refused_line();
}

void McpCore::on_oversize() {
  writer_.error({}, {mcp_code::invalid_request,
                     "a message was skipped because it is longer than limits.message_bytes_max = " +
                         std::to_string(limits_.message_bytes_max) + " bytes",
                     {}});
  handler_.on_refused_line();
}

void McpCore::on_notification() {
  if (message_.method != "notifications/cancelled" || !message_.params) return;
  const auto id = mcp_member(*message_.params, "requestId");
  message_.id.clear();
  if (!id || !append_mcp_token(*id, message_.id)) return;
  McpOpenCall* call = calls_.find_id(message_.id);
  if (call == nullptr) return;  // answered already, or never asked
  const std::uint64_t number = call->number;
  calls_.close(*call);
  handler_.cancel_call(number);
}

void McpCore::on_response(std::string_view line) {
  const std::uint64_t question = question_number(message_.id);
  if (questions_.erase(question) == 0) return;  // withdrawn, answered before, or none of ours
  McpAnswer answer;
  if (message_.error) {
    answer.refusal = mcp_string(mcp_member(*message_.error, "message")).value_or("it gave no reason");
  } else {
    answer.result_raw = raw_member(line, "result").value_or("null");
  }
  handler_.on_answer(question, answer);
}

std::uint64_t McpCore::ask(std::string_view method, std::string_view params_json) {
  const std::uint64_t question = ++last_question_;
  questions_.insert(question);
  writer_.request(std::string(kQuestionPrefix) + std::to_string(question) + "\"", method, params_json);
  return question;
}

void McpCore::withdraw(std::uint64_t question) {
  if (questions_.erase(question) == 0) return;
  writer_.cancelled(std::string(kQuestionPrefix) + std::to_string(question) + "\"",
                    "the call that asked is over");
}

void McpCore::tools_changed() {
  if (legacy_open_) writer_.tools_changed();
}

void McpCore::need_input(std::uint64_t number, std::string_view requests_json, std::string_view state,
                         std::string_view meta_json) {
  McpOpenCall* call = calls_.find(number);
  if (call == nullptr) return;
  writer_.input_required(call->id, requests_json, state, meta_json);
  calls_.close(*call);
}

void McpCore::on_request(std::string_view line) {
  if (calls_.find_id(message_.id) != nullptr) {
    return refuse(mcp_code::invalid_request,
                  "id " + message_.id + " belongs to a call that is still running");
  }
  if (message_.params && !message_.params->is_object()) {
    return refuse(mcp_code::invalid_params, "params must be an object");
  }
  Request request;
  request.line = line;
  if (message_.params) request.meta = mcp_member(*message_.params, "_meta");
  if (request.meta && !request.meta->is_object()) {
    return refuse(mcp_code::invalid_params, "params._meta must be an object");
  }
  // What a request says about itself wins over what came before it on the connection.
  if (const auto version = request.meta ? mcp_member(*request.meta, kVersionKey) : std::nullopt) {
    if (auto fault = request.take_modern(*version)) return writer_.error(message_.id, *fault);
    return on_modern(request);
  }
  if (message_.method == "initialize") return on_initialize();
  if (legacy_open_) {
    request.revision = legacy_revision_;
    request.client_name = legacy_client_name_;
    request.abilities = legacy_abilities_;
    return on_legacy(request);
  }
  // The one request that legacy revisions permit before initialize.
  if (message_.method == "ping") return writer_.empty_result(message_.id);
  refuse(mcp_code::invalid_params,
         "params._meta[\"" + std::string(kVersionKey) +
             "\"] is missing; send it with every request (supported: " + mcp_revisions_text(McpEra::modern) +
             "), or open with initialize (supported: " + mcp_revisions_text(McpEra::legacy) + ")");
}

void McpCore::on_modern(const Request& request) {
  if (message_.method == "tools/call") return call_tool(request);
  if (message_.method == "tools/list") return list_tools(request.revision);
  if (message_.method == "server/discover") return writer_.discover(message_.id);
  unknown_method();
}

void McpCore::on_legacy(const Request& request) {
  if (message_.method == "tools/call") return call_tool(request);
  if (message_.method == "tools/list") return list_tools(request.revision);
  if (message_.method == "ping") return writer_.empty_result(message_.id);
  unknown_method();
}

void McpCore::unknown_method() {
  refuse(mcp_code::method_not_found, "method " + shown(message_.method) + " is not offered here");
}

void McpCore::on_initialize() {
  const auto version =
      message_.params ? mcp_string(mcp_member(*message_.params, "protocolVersion")) : std::nullopt;
  if (!version) return refuse(mcp_code::invalid_params, "params.protocolVersion must be a string");
  const auto known = mcp_revision(*version);
  legacy_revision_ = known && !is_modern(*known) ? *known : kMcpLegacyNewest;
  legacy_client_name_ = client_name_in(mcp_member(*message_.params, "clientInfo"));
  const auto capabilities = mcp_member(*message_.params, "capabilities");
  legacy_abilities_ = capabilities ? abilities_in(*capabilities) : McpAbilities{};
  if (legacy_revision_ < McpRevision::v2025_06_18) legacy_abilities_.asks_user = false;  // it came with that
  legacy_open_ = true;
  writer_.initialize(message_.id, legacy_revision_);
}

void McpCore::list_tools(McpRevision revision) {
  // Everything fits one page, so no cursor was ever handed out. Some clients write an absent one as null.
  const auto cursor = message_.params ? mcp_member(*message_.params, "cursor") : std::nullopt;
  if (cursor && !cursor->is_null()) {
    return refuse(mcp_code::invalid_params, "params.cursor is not one of ours: the list has a single page");
  }
  writer_.tools(message_.id, revision, handler_.tools_json());
}

void McpCore::call_tool(const Request& request) {
  McpToolCall call;
  if (const auto fault = read_call(request, call)) return writer_.error(message_.id, *fault);
  McpOpenCall* open = calls_.open(message_.id);
  if (open == nullptr) {
    return refuse(mcp_code::internal_error, "more than " + std::to_string(McpCallTable::kCallsMax) +
                                                " calls are running; try again later");
  }
  open->revision = request.revision;
  open->progress_token = progress_token_;
  call.number = open->number;
  handler_.call_tool(call);  // may have finished already
}

std::optional<McpFault> McpCore::read_call(const Request& request, McpToolCall& call) {
  if (!message_.params) return invalid_params("params is missing; tools/call needs params.name");
  const auto tool = mcp_string(mcp_member(*message_.params, "name"));
  if (!tool) return invalid_params("params.name must be a string");
  if (const std::string why = handler_.why_no_tool(*tool); !why.empty()) return invalid_params(why);
  call.tool = *tool;
  call.client_name = request.client_name;
  call.modern = is_modern(request.revision);
  call.abilities = request.abilities;
  call.input_responses_raw = "{}";
  if (call.modern) {
    if (auto fault = read_continuation(request.line, call)) return fault;
  }

  call.arguments = no_arguments_;
  call.arguments_raw = "{}";
  if (const auto arguments = mcp_member(*message_.params, "arguments")) {
    if (!arguments->is_object()) return invalid_params("params.arguments must be an object");
    const auto params_raw = raw_member(request.line, "params");
    const auto raw = params_raw ? raw_member(*params_raw, "arguments") : std::nullopt;
    if (!raw)
      return McpFault{mcp_code::internal_error, "params.arguments could not be found in the line", {}};
    call.arguments = *arguments;
    call.arguments_raw = *raw;
  }

  progress_token_.clear();
  if (const auto token = request.meta ? mcp_member(*request.meta, "progressToken") : std::nullopt) {
    if (!append_mcp_token(*token, progress_token_) || progress_token_.size() > kMcpTokenBytesMax) {
      return invalid_params("params._meta.progressToken must be an integer or a string of at most " +
                            std::to_string(kMcpTokenBytesMax) + " bytes");
    }
  }
  call.wants_progress = !progress_token_.empty();
  if (const auto durable = request.meta ? mcp_member(*request.meta, "toolpost/durable") : std::nullopt) {
    if (durable->get(call.durable) != simdjson::SUCCESS)
      return invalid_params("params._meta[\"toolpost/durable\"] must be true or false");
  }
  return std::nullopt;
}

/// What a client brings back of an unfinished answer.
std::optional<McpFault> McpCore::read_continuation(std::string_view line, McpToolCall& call) {
  if (const auto state = mcp_member(*message_.params, "requestState")) {
    const auto text = mcp_string(state);
    if (!text || text->empty() || text->size() > kRequestStateMax)
      return invalid_params("params.requestState must be what an unfinished answer of this host gave");
    call.request_state = *text;
  }
  if (const auto responses = mcp_member(*message_.params, "inputResponses")) {
    if (!responses->is_object()) return invalid_params("params.inputResponses must be an object");
    const auto params_raw = raw_member(line, "params");
    const auto raw = params_raw ? raw_member(*params_raw, "inputResponses") : std::nullopt;
    if (raw) call.input_responses_raw = *raw;
  }
  return std::nullopt;
}

void McpCore::finish(std::uint64_t number, const McpToolResult& result) {
  McpOpenCall* call = calls_.find(number);
  if (call == nullptr) return;
  writer_.tool_result(*call, result);
  calls_.close(*call);
}

void McpCore::fail(std::uint64_t number, int jsonrpc_code, std::string_view message) {
  McpOpenCall* call = calls_.find(number);
  if (call == nullptr) return;
  writer_.error(call->id, {jsonrpc_code, std::string(message), {}});
  calls_.close(*call);
}

void McpCore::progress(std::uint64_t number, double progress, double total, std::string_view message) {
  McpOpenCall* call = calls_.find(number);
  if (call == nullptr || call->progress_token.empty()) return;
  if (!std::isfinite(progress) || !(progress > call->progress_last)) return;
  call->progress_last = progress;
  writer_.progress(*call, progress, std::isfinite(total) && total > 0 ? total : 0, message);
}

}  // namespace toolpost
