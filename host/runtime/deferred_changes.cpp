#include "runtime/deferred_changes.hpp"

#include <algorithm>

#include "runtime/dumped_json.hpp"
#include "runtime/provider_request.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

constexpr std::int64_t kTurnsReadMax = 1'000'000'000;  // beyond what any thread holds

/// What the host knows of the call that leaves a turn behind, whatever its plugin tells.
json call_facts(const CallUse& use, Duration elapsed) {
  json facts = {{"latency_ms", to_ms(elapsed)}};
  if (use.tokens != 0) facts["tokens"] = use.tokens;
  if (!use.cost.empty()) facts["cost"] = use.cost;
  if (!use.models.empty()) facts["models"] = use.models;
  return facts;
}

}  // namespace

Result<void> DeferredChanges::put(const EffectOrder& order) {
  const json request = json::parse(order.request, nullptr, false);
  const std::string key = text_of(request, "key");
  if (key.empty() || !request.contains("value"))
    return Error{Errc::invalid_input, "store.put needs \"key\" and \"value\""};
  StoreBatch& batch = batches_[order.call];
  batch.owner = owner_name(order.owner);
  if (batch.puts.size() >= settings_.call_values_max)
    return Error{Errc::exhausted, "the call put as many values already as store.call_values_max = " +
                                      std::to_string(settings_.call_values_max) + " permits"};
  batch.puts.push_back({order.plugin->id(), key, dumped(request["value"])});
  return {};
}

Result<ThreadAppend> DeferredChanges::append_of(const EffectOrder& order, std::string given_id) const {
  const json request = json::parse(order.request, nullptr, false);
  if (!request.is_object() || !request.contains("turn") || !request["turn"].is_object())
    return Error{Errc::invalid_input, "thread.append needs a \"turn\""};
  std::string id = text_of(request, "id");
  const auto unknown = id.empty() ? UnknownThread::create : UnknownThread::refuse;
  if (id.size() > kThreadIdBytesMax)
    return Error{Errc::invalid_input, "thread.append: \"id\" is none of ours"};
  if (id.empty()) id = std::move(given_id);
  json turn = request["turn"];
  turn["at_ms"] = loop_.wall_ms();
  turn["call"] = call_facts(runner_.use_of(order.call), loop_.now() - order.accepted);
  ThreadAppend append{std::move(id), order.method->name, dumped(turn),
                      request.contains("state") ? dumped(request["state"]) : "", unknown};
  if (request.contains("after")) {
    if (!request["after"].is_number_unsigned() || request["after"] > kTurnsReadMax)
      return Error{Errc::invalid_input,
                   "thread.append: \"after\" must be the number of turns that were read"};
    append.after = request["after"].get<std::int64_t>();
  }
  return append;
}

Result<void> DeferredChanges::append(CallId call, OwnerId owner, ThreadAppend append) {
  StoreBatch& batch = batches_[call];
  batch.owner = owner_name(owner);
  if (batch.appends.size() >= settings_.call_turns_max)
    return Error{Errc::exhausted, "the call appended as many turns already as store.call_turns_max = " +
                                      std::to_string(settings_.call_turns_max) + " permits"};
  threads_.emplace(call, ThreadOfTool{append.id, append.tool});
  batch.appends.push_back(std::move(append));
  return {};
}

bool DeferredChanges::is_behind(CallId call, const ThreadAppend& append) const {
  if (!append.after) return false;
  const ThreadOfTool own{append.id, append.tool};
  return std::any_of(threads_.begin(), threads_.end(),
                     [&](const auto& one) { return one.first != call && one.second == own; });
}

void DeferredChanges::restore(const EffectOrder& order, const JournalEntry& entry) {
  if (entry.code != Errc::ok) return;
  if (order.kind == "store.put") (void)put(order);
  if (order.kind != "thread.append") return;
  auto again = append_of(order, text_of(json::parse(entry.result, nullptr, false), "id"));
  if (again) (void)append(order.call, order.owner, std::move(*again));
}

StoreBatch DeferredChanges::take(CallId call) {
  auto node = batches_.extract(call);
  return node.empty() ? StoreBatch{} : std::move(node.mapped());
}

}  // namespace toolpost
