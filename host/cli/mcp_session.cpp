#include "cli/mcp_session.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/memory_reserve.hpp"
#include "cli/host_setup.hpp"
#include "json/json_text.hpp"
#include "json/utf8.hpp"
#include "mcp/mcp_question.hpp"

namespace toolpost {
namespace {

// Faster progress than this tells a reader nothing more; the heartbeat carries the latest word anyway.
constexpr Millis kProgressMin{100};

constexpr const char* kInstructions =
    "Workflow tools for coding agents. Call a workflow tool again with the continuation_id and step_number "
    "it names.";

/// Schemas go out as their author wrote them, on one line.
std::string one_line(const std::string& json) {
  return nlohmann::ordered_json::parse(json, nullptr, false).dump();
}

std::string tool_json(const MethodManifest& method) {
  std::string text = R"({"name":)";
  append_json_string(text, method.name);
  if (!method.title.empty()) {
    text += R"(,"title":)";
    append_json_string(text, method.title);
  }
  text += R"(,"description":)";
  append_json_string(text, method.description);
  text += R"(,"inputSchema":)" + one_line(method.input_schema);
  if (!method.output_schema.empty()) text += R"(,"outputSchema":)" + one_line(method.output_schema);
  text += R"(,"annotations":{"readOnlyHint":)" + std::string(method.read_only ? "true" : "false") +
          R"(,"idempotentHint":)" + (method.idempotent ? "true" : "false") + "}}";
  return text;
}

std::string call_meta(const CallOutcome& outcome) {
  const std::string cost =
      outcome.use.cost.empty() ? "" : R"(,"cost":)" + nlohmann::json(outcome.use.cost).dump();
  return R"("toolpost/call":{"turns":)" + std::to_string(outcome.turns) + R"(,"attempts":)" +
         std::to_string(outcome.use.attempts) + R"(,"tokens":)" + std::to_string(outcome.use.tokens) + cost +
         R"(,"elapsed_ms":)" + std::to_string(to_ms(outcome.elapsed)) + "}";
}

std::string question_params(const ClientQuestion& question) {
  return question.whom == AskWhom::user ? mcp_elicitation_params(question.body)
                                        : mcp_sampling_params(question.body);
}

std::string_view question_method(AskWhom whom) {
  return whom == AskWhom::user ? kMcpElicit : kMcpSample;
}

Result<std::string> read_answer(AskWhom whom, std::string_view result_json) {
  return whom == AskWhom::user ? read_mcp_elicitation(result_json) : read_mcp_sampling(result_json);
}

/// A question's key on the wire says whom it went to, since answers come back without.
std::string wire_key(const ClientQuestion& question) {
  return (question.whom == AskWhom::user ? "ask." : "sample.") + question.key;
}

/// What a client brings back that may be of ours; which questions are open, the call knows.
ClientAnswers read_answers(std::string_view input_responses_raw) {
  ClientAnswers answers;
  const auto responses = nlohmann::json::parse(input_responses_raw, nullptr, false);
  if (!responses.is_object()) return answers;
  for (const auto& [key, response] : responses.items()) {
    for (const AskWhom whom : {AskWhom::user, AskWhom::model}) {
      const std::string prefix = wire_key({whom, "", ""});
      if (key.starts_with(prefix))
        answers.insert_or_assign(
            key.substr(prefix.size()),
            read_answer(whom, response.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
    }
  }
  return answers;
}

std::string error_json(const CallOutcome& outcome) {
  std::string json = R"({"code":")" + std::string(name(outcome.code)) + "\"";
  if (outcome.retry_after > Millis(0))
    json += R"(,"retry_after_ms":)" + std::to_string(outcome.retry_after.count());
  if (outcome.side_effect != SideEffect::none) {
    json += R"(,"side_effect":")" + std::string(outcome.side_effect == SideEffect::done ? "done" : "maybe") +
            "\"";
  }
  return json + "}";
}

CallOutcome no_memory() {
  CallOutcome refused;
  refused.code = Errc::shed;
  refused.message =
      "the host got no memory from the system, and takes no call until it does; try again later";
  refused.retry_after = Millis(1000);
  return refused;
}

}  // namespace

std::string tools_list_json(const PluginTable& plugins) {
  std::map<std::string, const MethodManifest*> sorted;
  for (const auto& plugin : plugins.plugins()) {
    if (plugin->found.manifest.kind != PluginKind::tool) continue;
    for (const MethodEntry& method : plugin->methods) {
      if (method.offer == ToolOffer::listed) sorted[method.manifest->name] = method.manifest;
    }
  }
  std::string list = "[";
  for (const auto& [name, method] : sorted) {
    if (list.size() > 1) list += ',';
    list += tool_json(*method);
  }
  return list + "]";
}

McpSession::McpSession(Scheduler& loop, ToolHost& host, OwnerId owner, std::string tools_json,
                       std::string& out, std::function<void()> ended)
    : loop_(loop),
      host_(host),
      owner_(owner),
      tools_json_(std::move(tools_json)),
      ended_(std::move(ended)),
      core_({"toolpost", kVersion, "Toolpost", kInstructions}, host.settings().limits, *this, out) {}

McpSession::~McpSession() {
  loop_.cancel(drain_);
  for (auto& [number, running] : running_) loop_.cancel(running.heartbeat);
}

void McpSession::on_line(std::string_view padded_line) {
  if (!ending_) core_.on_message(padded_line);
}

void McpSession::set_tools(std::string tools_json) {
  if (tools_json == tools_json_) return;
  tools_json_ = std::move(tools_json);
  core_.tools_changed();
}

void McpSession::call_tool(const McpToolCall& call) {
  const std::uint64_t number = call.number;
  if (memory_is_short() && !hold_memory_reserve()) return on_outcome(number, no_memory());
  const auto& patient = host_.settings().clients_reset_on_progress;
  const bool resets =
      call.wants_progress && std::find(patient.begin(), patient.end(), call.client_name) != patient.end();
  ToolRequest request;
  request.tool = call.tool;
  request.owner = owner_;
  request.arguments_json = call.arguments_raw;
  request.arguments = &call.arguments;
  request.wall = resets ? ClientWall::none : ClientWall::applies;
  request.durable = call.durable;
  request.reach = {call.abilities.asks_user, call.abilities.asks_model, call.modern ? nullptr : this};
  request.request_state = call.request_state;
  if (!call.request_state.empty()) request.answers = read_answers(call.input_responses_raw);
  Running& running = running_[number];
  running.accepted = loop_.now();
  CallRunner::OnProgress progress;
  if (call.wants_progress) {
    progress = [this, number](const CallProgress& said) {
      if (const auto found = running_.find(number); found != running_.end()) {
        found->second.said = said.message;
        if (loop_.now() - found->second.told >= kProgressMin) beat(number);
      }
    };
    running.heartbeat =
        loop_.after(host_.settings().deadlines.progress_interval, [this, number] { beat(number); });
  }
  running.request = host_.call_tool(
      request, [this, number](const CallOutcome& outcome, const Journal*) { on_outcome(number, outcome); },
      std::move(progress));
}

void McpSession::beat(std::uint64_t number) {
  const auto found = running_.find(number);
  if (found == running_.end()) return;
  Running& running = found->second;
  const auto elapsed = to_ms(loop_.now() - running.accepted);
  // Seconds since acceptance, and always a little more than the last time, as the protocol asks.
  running.told = loop_.now();
  running.heartbeats = std::max(running.heartbeats + 0.001, static_cast<double>(elapsed) / 1000.0);
  std::string message = running.said.empty() ? host_.describe(running.request) : running.said;
  message += " (" + std::to_string(elapsed / 1000) + " s)";
  core_.progress(number, running.heartbeats, 0, message);
  loop_.cancel(running.heartbeat);
  running.heartbeat =
      loop_.after(host_.settings().deadlines.progress_interval, [this, number] { beat(number); });
}

void McpSession::cancel_call(std::uint64_t number) {
  auto node = running_.extract(number);
  if (node.empty()) return;
  loop_.cancel(node.mapped().heartbeat);
  host_.cancel(node.mapped().request);
  end_if_done();
}

McpSession::QuestionId McpSession::put(const ClientQuestion& question, Answered answered) {
  const QuestionId id = core_.ask(question_method(question.whom), question_params(question));
  asked_.emplace(id, Asked{question.whom, std::move(answered)});
  return id;
}

void McpSession::take_back(QuestionId question) {
  asked_.erase(question);
  core_.withdraw(question);
}

void McpSession::on_answer(std::uint64_t question, const McpAnswer& answer) {
  auto node = asked_.extract(question);
  if (node.empty()) return;
  const Asked& asked = node.mapped();
  if (!answer.result_raw.empty()) return asked.answered(read_answer(asked.whom, answer.result_raw));
  const std::string why(answer.refusal.substr(0, 300));
  asked.answered(Error{Errc::unavailable, "the client refused the question: " + replace_invalid_utf8(why)});
}

/// Ends this leg of a call: its questions go out as its answer.
void McpSession::need_input(std::uint64_t number, const CallOutcome& outcome) {
  std::string requests = "{";
  for (const ClientQuestion& question : outcome.questions) {
    if (requests.size() > 1) requests += ',';
    append_json_string(requests, wire_key(question));
    requests.append(R"(:{"method":")").append(question_method(question.whom)).append(R"(","params":)");
    requests.append(question_params(question)).append("}");
  }
  core_.need_input(number, requests + "}", outcome.request_state, call_meta(outcome));
}

void McpSession::on_outcome(std::uint64_t number, const CallOutcome& outcome) {
  auto node = running_.extract(number);
  if (!node.empty()) loop_.cancel(node.mapped().heartbeat);
  if (!outcome.questions.empty() || outcome.foreign_state) {
    if (outcome.foreign_state)
      core_.fail(number, mcp_code::invalid_params, outcome.message);
    else
      need_input(number, outcome);
    return end_if_done();
  }
  McpToolResult result;
  std::string meta = call_meta(outcome);
  std::string text;
  if (outcome.code != Errc::ok) {
    // Not as structured content: older clients hold errors to the tool's output schema too, and lose the
    // message.
    meta += R"(,"toolpost/error":)" + error_json(outcome);
    text = std::string(name(outcome.code)) + ": " + outcome.message;
    result.is_error = true;
    result.text = text;
  } else if (outcome.parts.front().media_type == "application/json") {
    result.structured_json = outcome.parts.front().bytes;
  } else {
    result.text = outcome.parts.front().bytes;
  }
  result.meta_json = meta;
  core_.finish(number, result);
  end_if_done();
}

void McpSession::shut_down() {
  if (ending_) return;
  ending_ = true;
  drain_ = loop_.after(host_.settings().deadlines.shutdown_drain - Millis(200), [this] {
    drain_ = {};
    std::vector<std::uint64_t> left;
    left.reserve(running_.size());
    for (const auto& [number, running] : running_) left.push_back(number);
    for (const std::uint64_t number : left) {
      const RequestNumber request = running_[number].request;
      CallOutcome outcome = host_.so_far(request);
      host_.leave(request);
      outcome.code = Errc::unavailable;
      outcome.message = "the host is shutting down, and deadlines.shutdown_drain_ms = " +
                        std::to_string(host_.settings().deadlines.shutdown_drain.count()) +
                        " does not wait for it any longer";
      outcome.side_effect = SideEffect::maybe;
      on_outcome(number, outcome);
    }
    end_if_done();
  });
  end_if_done();
}

void McpSession::end_if_done() {
  if (ending_ && running_.empty() && !std::exchange(ended_told_, true)) ended_();
}

}  // namespace toolpost
