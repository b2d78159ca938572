// What the tools `version`, `status` and `toolcall_log_tail` say of the running host.
#include <algorithm>

#include "runtime/dumped_json.hpp"
#include "runtime/runtime.hpp"

namespace toolpost {

using nlohmann::json;

/// The clients' calls that have begun, the first ones; nothing of what was asked.
json Runtime::running_calls_json() const {
  constexpr std::size_t kShownMax = 50;
  json list = json::array();
  runner_.each_call([&](const CallRunner::LiveCall& call) {
    if (call.parent_deadline != TimePoint::max() || list.size() == kShownMax) return;
    const JournalHeader& header = call.journal.header();
    list.push_back({{"tool", header.method},
                    {"age_ms", std::max<std::int64_t>(0, loop_.wall_ms() - header.accepted_ms)},
                    {"left_ms", to_ms(std::max(Duration{0}, call.deadline - loop_.now()))},
                    {"doing", runner_.describe(call.id)}});
  });
  return list;
}

std::string Runtime::status_json(bool everything) const {
  json status = {
      {"name", "toolpost"},
      {"version", places_.version},
      {"protocol_revisions", {"2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"}},
      {"isolation_level", isolation_level_}};
  if (!everything) return status.dump();
  status["calls"] = {{"running", admission_.running()}, {"queued", admission_.waiting()}};
  status["running_calls"] = running_calls_json();
  status["workers"] = quota_.live;
  status["spawner_replacements"] = spawner_.replacements();
  status["plugins"] = json::array();
  for (const auto& plugin : plugins_->plugins()) {
    const auto quarantined = quarantine_.file_refusal(*plugin);
    json one = {{"id", plugin->id()},
                {"version", plugin->found.manifest.version},
                {"state", quarantined            ? "quarantined"
                          : plugin->incompatible ? "incompatible"
                          : plugin->loaded       ? "ready"
                                                 : "not opened yet"},
                {"workers", plugin->pool ? plugin->pool->workers() : 0}};
    if (const auto& refusals = refusals_.of(plugin->id()); !refusals.empty()) one["refusals"] = refusals;
    if (plugin->incompatible) one["reason"] = plugin->incompatible->message;
    if (quarantined) one["reason"] = quarantined->message;
    status["plugins"].push_back(std::move(one));
  }
  status["tools"] = plugins_->tool_names();
  status["refused"] = json::array();
  for (const RefusedPlugin& refused : plugins_->refused()) {
    status["refused"].push_back({{"file", refused.source}, {"reason", refused.reason}});
  }
  status["providers"] = json::parse(providers_.models_json());
  if (!catalog_problems_.empty()) status["model_catalog_problems"] = catalog_problems_;
  if (!sharing_problems_.empty()) status["limits_not_shared"] = sharing_problems_;
  status["file_roots"] = roots_->names();
  if (!store_problem_.empty()) status["store_problem"] = store_problem_;
  if (settings_.ceilings.daemon == Millis(0))
    status["warning"] = "ceilings.daemon_ms = 0: calls have no outer limit but 24 hours";
  return dumped(status);
}

std::string Runtime::recent_calls_json(OwnerId owner, const json& request) const {
  const std::size_t calls_max = recent_calls_->calls_max();
  const json wanted = request.value("n", json(calls_max));
  const std::size_t count =
      wanted.is_number_unsigned() ? std::min(wanted.get<std::size_t>(), calls_max) : calls_max;
  return json{{"calls", recent_calls_->of(owner, count)}, {"calls_max", calls_max}}.dump();
}

void Runtime::share_recent_calls(const Runtime& earlier) {
  recent_calls_ = earlier.recent_calls_;
  recent_calls_->keep(settings_.log.recent_calls_max);
}

}  // namespace toolpost
