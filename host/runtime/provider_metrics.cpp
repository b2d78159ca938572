// The part of ProviderService that counts: attempts by provider, model and outcome, retries, tokens.
#include <algorithm>

#include "runtime/provider_request.hpp"
#include "runtime/provider_service.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

/// What the provider plugin says that the answer used; 0 for whatever is no count.
std::uint64_t tokens_in(const json& reply, const std::string& direction) {
  const auto usage = reply.find("usage");
  if (usage == reply.end() || !usage->is_object()) return 0;
  const auto count = usage->find(direction + "_tokens");
  return count != usage->end() && count->is_number_unsigned() ? count->get<std::uint64_t>() : 0;
}

}  // namespace

CallUse use_in(const json& reply) {
  CallUse use;
  use.tokens = tokens_in(reply, "input") + tokens_in(reply, "output");
  if (const auto cost = reply.find("cost"); cost != reply.end() && cost->is_object()) {
    const std::string currency = text_of(*cost, "currency");
    const json amount = cost->value("amount", json(0));
    if (amount.is_number()) use.cost[currency.empty() ? "unspecified" : currency] = amount.get<double>();
  }
  if (const std::string model = text_of(reply, "model"); !model.empty())
    use.models.insert(text_of(reply, "provider") + "/" + model);
  return use;
}

/// A model may be any word of a caller's ("NAME/anything"); only those that the configuration, a catalogue or
/// the server's own list names are labels.
std::string ProviderService::labels(const Choice& choice) const {
  const auto is_in = [&](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), choice.model) != names.end();
  };
  const auto list = lists_.find(choice.provider->name);
  const bool named = choice.facts != nullptr || is_in(choice.provider->settings.models) ||
                     (list != lists_.end() && is_in(list->second.names));
  return label_pair("provider", choice.provider->name) + "," +
         label_pair("model", named ? choice.model : "other");
}

void ProviderService::count_attempt(const Choice& choice, const CallOutcome& outcome, std::uint32_t made) {
  if (metrics_ == nullptr) return;
  metrics_->attempts.add(outcome.code);
  metrics_->turns += outcome.turns;
  if (made > 1) metrics_->retries.add(labels(choice), 1);
  metrics_->attempt_duration.observe(labels(choice) + "," + label_pair("outcome", name(outcome.code)),
                                     outcome.elapsed);
}

void ProviderService::count_answer(const Choice& choice, CallId call, const nlohmann::json& reply) {
  const CallUse use = use_in(reply);
  runner_->count_use(call, use);
  if (metrics_ == nullptr) return;
  for (const char* direction : {"input", "output"}) {
    const std::uint64_t count = tokens_in(reply, direction);
    if (count != 0) metrics_->tokens.add(labels(choice) + ",direction=\"" + direction + "\"", count);
  }
  for (const auto& [currency, amount] : use.cost)
    metrics_->cost.add(labels(choice) + "," + label_pair("currency", currency),
                       static_cast<std::uint64_t>(micro_money(amount)));
}

}  // namespace toolpost
