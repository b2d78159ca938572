#pragma once
// A client's end of McpCore for tests: sends lines, reads answers, and plays the host behind the core.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "catch.hpp"
#include "mcp/mcp_core.hpp"

namespace toolpost {

struct McpClient final : McpHandler {
  struct Seen {
    std::uint64_t number;
    std::string tool, arguments, client_name;
    bool wants_progress, modern;
    McpAbilities abilities{};
    std::string request_state{}, input_responses{};
  };

  explicit McpClient(const LimitSettings& limits = {}) : core(info(), limits, *this, out) {}

  static McpServerInfo info() {
    McpServerInfo info;
    info.version = "1.2.3";
    return info;
  }

  void call_tool(const McpToolCall& call) override {
    REQUIRE(call.arguments.is_object());
    calls.push_back({call.number, std::string(call.tool), std::string(call.arguments_raw),
                     std::string(call.client_name), call.wants_progress, call.modern, call.abilities,
                     std::string(call.request_state), std::string(call.input_responses_raw)});
    if (call.tool == "now") core.finish(call.number, {"", "at once", false, ""});
  }
  void on_answer(std::uint64_t question, const McpAnswer& answer) override {
    answers.push_back({question, std::string(answer.result_raw), std::string(answer.refusal)});
  }
  void cancel_call(std::uint64_t number) override {
    cancelled.push_back(number);
    core.finish(number, {"", "too late", false, ""});
  }
  std::string_view tools_json() override {
    return "[{\"name\":\"echo\",\n "
           "\"inputSchema\":{\"type\":\"object\"}},\r\n{\"name\":\"now\",\"inputSchema\":{}}]";
  }
  std::string why_no_tool(std::string_view name) override {
    return name == "echo" || name == "now" ? "" : "there is no tool \"" + std::string(name) + "\"";
  }

  /// Sends one line and returns everything that came out since the last time.
  std::string send(std::string_view line) {
    std::string padded(line);
    padded.append(64, 'x');  // what follows in a real buffer is not zero
    core.on_message(std::string_view(padded).substr(0, line.size()));
    return take();
  }
  std::string take() { return std::exchange(out, {}); }
  /// The single message in `text`, which must be one whole line.
  static nlohmann::json one(const std::string& text) {
    REQUIRE_FALSE(text.empty());
    REQUIRE(text.find('\n') == text.size() - 1);
    return nlohmann::json::parse(text);
  }
  nlohmann::json ask(std::string_view line) { return one(send(line)); }

  void initialize(std::string_view version) {
    ask(R"({"jsonrpc":"2.0","id":"init","method":"initialize","params":{"protocolVersion":")" +
        std::string(version) + R"(","capabilities":{},"clientInfo":{"name":"old-client","version":"1"}}})");
    CHECK(send(R"({"jsonrpc":"2.0","method":"notifications/initialized"})").empty());
  }
  /// A request of the stateless revision; `params` are members with a trailing comma, `meta` with a leading
  /// one.
  static std::string modern(std::string_view id, std::string_view method, std::string_view params = "",
                            std::string_view meta = "") {
    std::string line = R"({"jsonrpc":"2.0","id":)";
    line.append(id).append(R"(,"method":")").append(method).append(R"(","params":{)").append(params);
    line.append(R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)");
    line.append(R"("io.modelcontextprotocol/clientCapabilities":{})").append(meta).append("}}}");
    return line;
  }
  static std::string legacy(std::string_view id, std::string_view method, std::string_view params = "{}") {
    std::string line = R"({"jsonrpc":"2.0","id":)";
    line.append(id)
        .append(R"(,"method":")")
        .append(method)
        .append(R"(","params":)")
        .append(params)
        .append("}");
    return line;
  }

  std::string out;
  std::vector<Seen> calls;
  std::vector<std::uint64_t> cancelled;
  struct Answer {
    std::uint64_t question;
    std::string result, refusal;
  };
  std::vector<Answer> answers;
  McpCore core;
};

}  // namespace toolpost
