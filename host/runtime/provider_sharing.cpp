// Breakers of one provider and model in all hosts of a state folder: who finds out tells the others.
#include <algorithm>

#include "runtime/provider_service.hpp"

namespace toolpost {
namespace {

using namespace std::chrono_literals;

// While one host's probe is under way the others leave the model alone, but not for ever: that host may die.
constexpr Duration kProbeTold = 15s;

}  // namespace

BreakerCore& ProviderService::breaker_of(const ProviderEntry& provider, const std::string& model) {
  BreakerCore& breaker = health(provider.name, model).breaker;
  if (provider.shared)
    if (const auto rest = provider.shared->rest_of(model))
      breaker.learn(rest->left, rest->openings, loop_.now());
  return breaker;
}

Result<BreakerPass> ProviderService::pass_breaker(const Choice& choice) {
  BreakerCore& breaker = breaker_of(*choice.provider, choice.model);
  auto pass = breaker.admit(loop_.now());
  if (pass && pass->probe && choice.provider->shared)
    choice.provider->shared->set_rest(choice.model, {kProbeTold, breaker.openings()});
  return pass;
}

void ProviderService::settle_breaker(const Choice& choice, BreakerPass pass, BreakerOutcome outcome) {
  BreakerCore& breaker = health(choice.provider->name, choice.model).breaker;
  const BreakerState before = breaker.state();
  breaker.settle(pass, outcome, loop_.now());
  const BreakerState after = breaker.state();
  const bool opened = before != BreakerState::open && after == BreakerState::open;
  if (metrics_ != nullptr && opened) metrics_->breaker_openings.add(labels(choice), 1);
  const bool healthy = after == BreakerState::closed;
  const std::string name = choice.provider->name + "/" + choice.model;
  if (on_breaker && opened)
    on_breaker(after, name + " is not asked for " + ms_text(breaker.rest_left(loop_.now())));
  if (on_breaker && healthy && before != after) on_breaker(after, name + " answers and is asked again");
  if (!choice.provider->shared || (before == after && !pass.probe)) return;
  choice.provider->shared->set_rest(
      choice.model, {breaker.rest_left(loop_.now()), healthy ? 0 : std::max(1u, breaker.openings())});
}

}  // namespace toolpost
