// The part of ProviderService that counts: attempts by provider, model and outcome, retries, tokens.
#include <algorithm>

#include "runtime/provider_request.hpp"
#include "runtime/provider_service.hpp"

namespace toolpost {

/// A model may be any word of a caller's ("NAME/anything"); only those that the configuration names are
/// labels.
std::string ProviderService::labels(const Choice& choice) const {
  const auto& known = choice.provider->settings.models;
  const bool named = std::find(known.begin(), known.end(), choice.model) != known.end();
  return label_pair("provider", choice.provider->name) + "," +
         label_pair("model", named ? choice.model : "other");
}

void ProviderService::count_attempt(const Choice& choice, const CallOutcome& outcome, std::uint32_t made) {
  if (metrics_ == nullptr) return;
  metrics_->attempts.add(outcome.code);
  metrics_->turns += outcome.turns;
  if (made > 1) ++metrics_->retries;
  metrics_->attempt_duration.observe(labels(choice) + "," + label_pair("outcome", name(outcome.code)),
                                     outcome.elapsed);
}

void ProviderService::count_tokens(const Choice& choice, CallId call, std::uint64_t input,
                                   std::uint64_t output) {
  runner_->count_tokens(call, input + output);
  if (metrics_ == nullptr) return;
  if (input != 0) metrics_->tokens.add(labels(choice) + ",direction=\"input\"", input);
  if (output != 0) metrics_->tokens.add(labels(choice) + ",direction=\"output\"", output);
}

void ProviderService::count_cost(CallId call, const nlohmann::json& reply) {
  const auto cost = reply.find("cost");
  if (cost == reply.end()) return;
  const std::string currency = text_of(*cost, "currency");
  runner_->count_cost(call, currency.empty() ? "unspecified" : currency, (*cost)["amount"].get<double>());
}

void ProviderService::settle_breaker(const Choice& choice, BreakerPass pass, BreakerOutcome outcome) {
  BreakerCore& breaker = health(choice.provider->name, choice.model).breaker;
  const bool was_open = breaker.state() == BreakerState::open;
  breaker.settle(pass, outcome, loop_.now());
  if (metrics_ != nullptr && !was_open && breaker.state() == BreakerState::open) ++metrics_->breaker_openings;
}

}  // namespace toolpost
