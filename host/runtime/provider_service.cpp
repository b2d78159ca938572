#include "runtime/provider_service.hpp"

#include "runtime/provider_attempts.hpp"
#include "runtime/provider_request.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

// Models that have their own breaker and budget; beyond, the first one's place is taken.
constexpr std::size_t kHealthMax = 1024;

}  // namespace

ProviderService::~ProviderService() {
  for (auto& [name, provider] : providers_) loop_.cancel(provider->gate_timer);
}

ProviderService::Health& ProviderService::health(const std::string& provider, const std::string& model) {
  const std::string key = provider + "/" + model;
  const auto found = health_.find(key);
  if (found != health_.end()) return found->second;
  if (health_.size() >= kHealthMax) health_.erase(health_.begin());
  return health_.emplace(key, Health{BreakerCore(settings_.breaker), RetryBudget(settings_.retry)})
      .first->second;
}

std::unique_ptr<RunningEffect> ProviderService::start(const EffectOrder& order, EffectHost::Settle settle) {
  const auto refuse = [&](const Error& error) {
    settle(effect_code(error.code), error.message);
    return nullptr;
  };
  const json request = json::parse(order.request, nullptr, false);
  const std::string method =
      request.is_object() && request.contains("method") && request["method"].is_string()
          ? request["method"].get<std::string>()
          : "";
  if (method.empty()) {
    return refuse({Errc::invalid_input, "provider: \"method\" is missing; \"chat\" asks a model"});
  }
  if (order.nth > settings_.turns.provider_calls_max) {
    return refuse(
        {Errc::exhausted, "turns.provider_calls_max = " + std::to_string(settings_.turns.provider_calls_max) +
                              " provider calls were made by this call"});
  }
  if (auto before = interrupted_.extract(journal_of(order))) {
    auto choices = choose_as_before(request, order, method, before.mapped().header);
    if (!choices.empty())
      return make_attempts(std::move(choices), request, order, std::move(settle), std::move(before.mapped()));
  }
  if (auto wait = wait_for_lists(request, order, method, settle)) return wait;
  return start_chosen(request, order, method, std::move(settle));
}

std::unique_ptr<RunningEffect> ProviderService::start_chosen(const json& request, const EffectOrder& order,
                                                             const std::string& method,
                                                             EffectHost::Settle settle) {
  auto choices = choose(request, order, method);
  if (!choices) {
    settle(effect_code(choices.error().code), choices.error().message);
    return nullptr;
  }
  if (on_choice && is_chat(method) && leaves_choice(request)) on_choice(choices->front().why);
  return make_attempts(std::move(*choices), request, order, std::move(settle), {});
}

std::unique_ptr<RunningEffect> ProviderService::make_attempts(std::vector<Choice> choices,
                                                              const json& request, const EffectOrder& order,
                                                              EffectHost::Settle settle,
                                                              std::optional<RecordedCall> before) {
  const BoundDeadline parent =
      ceilings_.of(order.profile).provider_call(asks_expert(request) ? raise_for_expert(order) : order.bound);
  auto attempts =
      std::make_unique<Attempts>(*this, order, std::move(choices), request, parent, std::move(settle));
  if (before) attempts->take_over(std::move(*before));
  attempts->enter();
  return attempts;
}

void ProviderService::begin(const std::vector<AttemptId>& attempts) {
  for (const AttemptId id : attempts) {
    // In a later round: whoever released the place is still busy with itself.
    loop_.post([this, id] {
      if (const auto found = waiting_.find(id); found != waiting_.end()) found->second->begin();
    });
  }
}

void ProviderService::release(ProviderEntry& provider, AttemptId id) {
  begin(provider.gate->release(id, loop_.now()));
  arm_gate(provider);
}

void ProviderService::wake(ProviderEntry& provider) {
  for (const ExpiredWait& one : provider.gate->expire(loop_.now())) {
    const auto found = waiting_.find(one.id);
    if (found == waiting_.end()) continue;
    Attempts* late = found->second;
    waiting_.erase(found);
    late->give(one.error);
  }
  begin(provider.gate->admit_waiting(loop_.now()));
  arm_gate(provider);
}

void ProviderService::arm_gate(ProviderEntry& provider) {
  loop_.cancel(provider.gate_timer);
  if (const auto next = provider.gate->next_wake()) {
    provider.gate_timer = loop_.at(*next, [this, &provider] {
      provider.gate_timer = {};
      wake(provider);
    });
  }
}

}  // namespace toolpost
