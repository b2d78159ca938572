// health, activity, self-check, provider_capabilities: how the running host is, under the names that agents
// of the predecessor know. All of it is what host.status and the last calls say.
#include <algorithm>
#include <toolpost/plugin.hpp>

#include "activity_lines.hpp"

namespace {

using toolpost::json;

constexpr int kTailUsual = 50;
constexpr int kTailMost = 500;
constexpr int kLinesUsual = 200;

json last_calls(toolpost::Call& call, int count) {
  return call.perform("host.status", {{"part", "calls"}, {"n", count}}).value("calls", json::array());
}

/// What an operator should look at, one sentence each.
json problems_of(const json& host) {
  json problems = json::array();
  for (const json& plugin : host.value("plugins", json::array()))
    if (plugin.contains("reason")) problems.push_back(plugin["reason"]);
  for (const json& file : host.value("refused", json::array()))
    problems.push_back("plugin file " + file.value("file", "") + " was refused: " + file.value("reason", ""));
  for (const json& provider : host.value("providers", json::array())) {
    const std::string name = "provider " + provider.value("provider", "");
    if (provider.contains("unusable")) problems.push_back(name + ": " + provider.value("unusable", ""));
    for (const json& model : provider.value("breaker_open", json::array()))
      problems.push_back(name + ": model " + model.get<std::string>() +
                         " failed and is left alone for a while");
  }
  for (const char* many : {"model_catalog_problems", "limits_not_shared"})
    for (const json& one : host.value(many, json::array())) problems.push_back(one);
  for (const char* one : {"store_problem", "warning"})
    if (host.contains(one)) problems.push_back(host[one]);
  return problems;
}

json health(toolpost::Call& call, const json& request) {
  const json host = call.perform("host.status", {{"part", "all"}});
  const int tail = std::clamp(request.value("tail_lines", kTailUsual), 0, kTailMost);
  json providers = json::array();
  json models = json::array();
  for (const json& provider : host.value("providers", json::array())) {
    if (provider.contains("unusable")) continue;
    providers.push_back(provider.value("provider", ""));
    for (const json& model : provider.value("models", json::array())) models.push_back(model);
  }
  const json problems = problems_of(host);
  json calls = host.value("calls", json::object());
  json load = {"calls running: " + std::to_string(calls.value("running", 0)),
               "calls queued: " + std::to_string(calls.value("queued", 0)),
               "workers: " + std::to_string(host.value("workers", 0))};
  return {{"status", problems.empty() ? "healthy" : "needs_attention"},
          {"providers_configured", providers},
          {"models_available", models},
          {"problems", problems},
          {"metrics_tail", load},
          {"toolcalls_tail", tail == 0 ? json::array() : last_calls(call, tail)},
          {"metadata", {{"tool_name", "health"}}}};
}

/// Errors: invalid_input, when it is no time.
std::int64_t bound(const json& request, const char* field, std::int64_t without) {
  const std::string text = request.value(field, "");
  if (text.empty()) return without;
  const auto at = time_of(text);
  if (!at)
    throw toolpost::Error(TOOLPOST_INVALID_INPUT,
                          std::string(field) + ": write a time in UTC like 2026-01-31T12:00Z");
  return *at;
}

json activity(toolpost::Call& call, const json& request) {
  const std::int64_t since = bound(request, "since", 0);
  const std::int64_t until = bound(request, "until", INT64_MAX);
  const std::string filter = request.value("filter", "");
  std::string content;
  int shown = 0;
  for (const json& one : last_calls(call, request.value("lines", kLinesUsual))) {
    const std::int64_t at = one.value("ended_ms", std::int64_t{0});
    const std::string line = activity_line(one);
    if (at < since || at > until || !fits(line, filter)) continue;
    content += (request.value("structured", false) ? one.dump() : line) + "\n";
    ++shown;
  }
  if (shown == 0) content = "No call of yours ended here that fits; a server remembers its own calls only.\n";
  json metadata = {{"tool_name", "activity"}, {"lines", shown}};
  // There is one source: the calls of the asking owner. The predecessor could show the log of everybody.
  if (request.value("source", "auto") == "server") metadata["ignored_fields"] = {"source"};
  return {{"status", "success"}, {"content", content}, {"content_type", "text"}, {"metadata", metadata}};
}

std::string provider_line(const json& provider) {
  std::string line = "- " + provider.value("provider", "") + " (" + provider.value("plugin", "") + "): ";
  if (provider.contains("unusable")) return line + "cannot be used: " + provider.value("unusable", "") + "\n";
  const std::size_t models = provider.value("models", json::array()).size();
  return line + (models == 0 ? "any model" : counted(models, "model")) + ", " +
         std::to_string(provider.value("running", 0)) + " attempts running\n";
}

json self_check(toolpost::Call& call, const json& request) {
  const json host = call.perform("host.status", {{"part", "all"}});
  std::string text = "toolpost " + host.value("version", "") + ", isolation level " +
                     std::to_string(host.value("isolation_level", -1)) + ", " +
                     std::to_string(host.value("plugins", json::array()).size()) + " plugins\n\nProviders:\n";
  const json providers = host.value("providers", json::array());
  if (providers.empty()) text += "- none; workflow tools hand the expert's part to you\n";
  for (const json& provider : providers) text += provider_line(provider);
  const json problems = problems_of(host);
  text += problems.empty() ? "\nNothing needs attention.\n" : "\nTo mend (`toolpost doctor` says how):\n";
  for (const json& problem : problems) text += "- " + problem.get<std::string>() + "\n";
  if (const int lines = request.value("log_lines", 0); lines > 0) {
    text += "\nYour last calls:\n";
    for (const json& one : last_calls(call, lines)) text += "- " + activity_line(one) + "\n";
  }
  return {{"status", "success"},
          {"content", text},
          {"content_type", "text"},
          {"metadata", {{"tool_name", "self-check"}}}};
}

json provider_capabilities(toolpost::Call& call, const json& request) {
  const json host = call.perform("host.status", {{"part", "all"}});
  const bool advanced = request.value("show_advanced", false);
  json env = json::object();
  for (const json& provider : host.value("providers", json::array())) {
    json one = {{"plugin", provider.value("plugin", "")},
                {"usable", !provider.contains("unusable")},
                {"models", provider.value("models", json::array())}};
    if (provider.contains("unusable")) one["reason"] = provider["unusable"];
    for (const char* more : {"facts", "forbidden", "breaker_open", "running", "queued", "list_problem"})
      if (advanced && provider.contains(more)) one[more] = provider[more];
    env[provider.value("provider", "")] = std::move(one);
  }
  json reply = {{"status", "success"}, {"env", env}, {"showing_advanced", advanced}};
  if (request.value("include_tools", true)) reply["tools"] = host.value("tools", json::array());
  reply["metadata"] = {{"tool_name", "provider_capabilities"}};
  // Nothing is cached here, so there is nothing to invalidate.
  if (request.contains("invalidate_cache")) reply["metadata"]["ignored_fields"] = {"invalidate_cache"};
  return reply;
}

struct Diagnostics : toolpost::Plugin {
  json invoke(toolpost::Call& call, std::string_view method, const json& request) override {
    if (method == "health") return health(call, request);
    if (method == "activity") return activity(call, request);
    if (method == "self-check") return self_check(call, request);
    return provider_capabilities(call, request);
  }
};

}  // namespace

TOOLPOST_PLUGIN(Diagnostics)
