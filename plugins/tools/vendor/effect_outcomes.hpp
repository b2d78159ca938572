#pragma once
// Several effects at once, each with its result or the reason why it failed, so that one bad file does not
// sink the others.

#include <toolpost/plugin.hpp>

#include <string>
#include <vector>

namespace vendor {

using toolpost::json;

struct EffectOutcome {
  json result;  // null when it failed
  toolpost_status status = TOOLPOST_OK;
  std::string error;
  std::uint32_t retry_after_ms = 0;

  bool failed() const { return status != TOOLPOST_OK; }
  [[noreturn]] void raise() const { throw toolpost::Error(status, error, retry_after_ms); }
};

/// Waits for all of them, in one suspension, and gives their outcomes in the order in which they were
/// started.
inline std::vector<EffectOutcome> outcomes_of(toolpost::Call& call,
                                              const std::vector<toolpost::Effect>& effects) {
  if (effects.size() > 1) call.join(effects, effects.size());
  std::vector<EffectOutcome> outcomes;
  for (const toolpost::Effect effect : effects) {
    EffectOutcome& outcome = outcomes.emplace_back();
    try {
      outcome.result = call.wait(effect);
    } catch (const toolpost::Error& error) {
      outcome.status = error.status();
      outcome.error = error.what();
      outcome.retry_after_ms = error.retry_after_ms();
    }
  }
  return outcomes;
}

}  // namespace vendor
