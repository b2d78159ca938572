// Lines of a client to McpCore: every request gets one answer, and every line that goes out is whole and
// valid.
#include <map>
#include <nlohmann/json.hpp>

#include "fuzz.hpp"
#include "json/canonical_json.hpp"
#include "mcp/mcp_core.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

/// Answers "now" at once and "fail" with an error; keeps "later" until the end.
struct TinyHandler final : McpHandler {
  void on_answer(std::uint64_t, const McpAnswer&) override {}
  void call_tool(const McpToolCall& call) override {
    ++called;
    hold(call.arguments.is_object(), "arguments are an object");
    const auto raw = canonical_json(call.arguments_raw);
    const auto parsed = canonical_json(simdjson::minify(call.arguments));
    hold(raw && parsed && *raw == *parsed, "the raw arguments are those that were parsed");
    if (call.tool == "now") core->finish(call.number, {*parsed, "", false, ""});
    if (call.tool == "fail")
      core->fail(call.number, mcp_code::internal_error, "\xff\xed\xa0" + std::string(call.arguments_raw));
    if (call.tool == "later") open.push_back(call.number);
    core->progress(call.number, 1, 2, call.client_name);
  }
  void cancel_call(std::uint64_t number) override { core->finish(number, {"{}", "", false, ""}); }
  std::string_view tools_json() override { return R"([{"name":"now"},{"name":"fail"},{"name":"later"}])"; }
  std::string why_no_tool(std::string_view name) override {
    return name == "now" || name == "fail" || name == "later" ? "" : "there is no such tool";
  }

  McpCore* core = nullptr;
  std::vector<std::uint64_t> open;
  unsigned called = 0;
};

/// The answers in `out`, which is emptied; progress is none.
unsigned check_lines(std::string& out) {
  unsigned answers = 0;
  for (std::string_view rest = out; !rest.empty();) {
    hold(rest.find('\n') != std::string_view::npos, "a message ends with a line feed");
    const json message = json::parse(take_until(rest, "\n"), nullptr, false);
    hold(message.is_object() && message.value("jsonrpc", "") == "2.0", "a message is JSON-RPC 2.0");
    if (message.contains("method")) continue;
    hold(message.contains("result") != message.contains("error"), "an answer is a result or an error");
    hold(!message.contains("id") || message["id"].is_string() || message["id"].is_number_integer(),
         "an id is a string or an integer");
    ++answers;
  }
  out.clear();
  return answers;
}

bool is_plain_request(std::string_view line) {
  const json message = json::parse(line, nullptr, false);
  return message.is_object() && message.contains("id") && message.contains("method") &&
         message["method"].is_string() && (message["id"].is_string() || message["id"].is_number_integer());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  LimitSettings limits;
  limits.depth_max = 12;
  limits.nodes_max = 200;
  limits.keys_max = 16;
  limits.string_bytes_max = 300;
  std::string out;
  TinyHandler handler;
  McpCore core({}, limits, handler, out);
  handler.core = &core;
  for (std::string_view rest = fuzz_text(data, size); !rest.empty();) {
    const std::string_view line = take_until(rest, "\n");
    const std::size_t open_before = core.calls_in_flight();
    const std::string padded = std::string(line) + std::string(64, '"');
    core.on_message(std::string_view(padded).substr(0, line.size()));
    const unsigned answers = check_lines(out);
    const std::size_t opened = core.calls_in_flight() > open_before ? 1 : 0;
    hold(answers + opened <= 1, "a line has at most one answer");
    if (is_plain_request(line)) hold(answers + opened == 1, "a request is answered or running");
  }
  for (const std::uint64_t number : handler.open) core.finish(number, {"", "late \xf0\x9f", true, ""});
  check_lines(out);
  hold(core.calls_in_flight() == 0, "no call is left open");
  return 0;
}
