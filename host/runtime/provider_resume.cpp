// The part of ProviderService that goes on with provider calls whose host died.
#include "runtime/provider_request.hpp"
#include "runtime/provider_service.hpp"

namespace toolpost {

using nlohmann::json;

std::string ProviderService::journal_of(const EffectOrder& order) {
  return std::string(order.journal) + "." + std::to_string(order.index);
}

std::vector<ProviderService::Choice> ProviderService::choose_as_before(const json& request,
                                                                       const EffectOrder& order,
                                                                       const std::string& method,
                                                                       const JournalHeader& before) {
  const json asked = json::parse(before.request, nullptr, false);
  const std::string model = text_of(asked, "model");
  for (const auto& [name, provider] : providers_) {
    if (model.empty() || !is_of(before, provider->plugin)) continue;
    json same = request;
    same["model"] = name + "/" + model;
    auto choices = choose(same, order, method);
    if (!choices) return {};
    choices->front().why = "asked already before the host ended";
    if (!is_chat(method) || !leaves_choice(request)) return std::move(*choices);
    auto others = choose(request, order, method);
    if (!others) return std::move(*choices);
    for (Choice& other : *others)
      if (other.provider != provider.get() || other.model != model) choices->push_back(std::move(other));
    return std::move(*choices);
  }
  return {};
}

/// The deadline of the asking call; an expert gives it more time, once.
BoundDeadline ProviderService::raise_for_expert(const EffectOrder& order) {
  const CeilingsCore& ceilings = ceilings_.of(order.profile);
  const BoundDeadline whole = ceilings.request(order.accepted, order.wall);
  BoundDeadline raised = ceilings.raised(whole, order.bound, order.accepted);
  if (raised.deadline.at() <= order.bound.deadline.at()) return order.bound;
  runner_->raise_deadline(order.call, raised);
  return raised;
}

void ProviderService::restore(const EffectOrder& order, const JournalEntry& entry) {
  const json answer = entry.code == Errc::ok ? json::parse(entry.result, nullptr, false) : json();
  if (answer.is_object()) runner_->count_use(order.call, use_in(answer));
  const json request = json::parse(order.request, nullptr, false);
  if (asks_expert(request)) raise_for_expert(order);
}

void ProviderService::forget_interrupted(const std::string& journal) {
  std::erase_if(interrupted_, [&](const auto& one) { return one.first.starts_with(journal + "."); });
}

}  // namespace toolpost
