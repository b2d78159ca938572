#pragma once
// The `provider` effect: resolves which provider and model, and makes attempts under gate, breaker, retry and
// ceilings. A provider plugin only writes and reads HTTP; everything about time and trying again is here.
// Threads: the loop's.

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "call/journal_file.hpp"
#include "config/settings.hpp"
#include "effect/http/http_call.hpp"
#include "model/model_choice.hpp"
#include "policy/breaker_core.hpp"
#include "policy/ceilings_core.hpp"
#include "policy/provider_gate_core.hpp"
#include "policy/retry_core.hpp"
#include "runtime/call_runner.hpp"
#include "runtime/daily_money.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/secret.hpp"

namespace toolpost {

/// One configured server: [providers.NAME].
struct ProviderEntry {
  std::string name;
  ProviderSettings settings;
  PluginEntry plugin;  // the provider plugin with this server's configuration
  std::optional<BoundSecret> secret;
  std::optional<AllowedOrigin> origin;
  std::optional<Error> unusable;           // why it cannot be asked; said when somebody does
  std::unique_ptr<SharedProvider> shared;  // with the other hosts of the state folder; null: nothing is
  std::unique_ptr<ProviderGateCore> gate;  // borrows it
  TimerId gate_timer;
};

/// Whether it asks the client of the call instead of a server.
bool asks_client(const ProviderEntry& provider);

/// Whether it runs on this machine, or the operator says that it counts as local.
bool is_local(const ProviderEntry& provider);

/// What the reply of a provider call says it used.
CallUse use_in(const nlohmann::json& reply);

using AttemptId = std::uint64_t;

class ProviderService {
 public:
  ProviderService(Scheduler& loop, RandomSource& random, const Settings& settings,
                  const CeilingsByProfile& ceilings)
      : loop_(loop), random_(random), settings_(settings), ceilings_(ceilings) {}
  ~ProviderService();

  /// The provider that is always there: the client's own model.
  void add_client(const FoundPlugin* plugin);
  /// `key` may be empty: no key is sent. A provider that cannot work is kept, with the reason.
  void add(const std::string& name, const ProviderSettings& settings, const FoundPlugin* plugin,
           const Result<Secret>& key);
  void attach(CallRunner& runner) { runner_ = &runner; }
  /// Where money is reserved; without one, a provider with a daily limit is not asked. Lifetime: borrowed.
  void spend_by(MoneyLedger& ledger) { ledger_ = &ledger; }
  /// Why an attempt may not run, for its provider's plugin; may stay empty.
  std::function<std::optional<Error>(const CallRequest&)> refuses;
  /// Before the first add(): makes what the hosts of a state folder share of a provider. May stay empty, and
  /// may return null.
  std::function<std::unique_ptr<SharedProvider>(const std::string& provider)> share;
  /// Where attempts and tokens are counted from here on. Lifetime: borrowed.
  void count_in(Metrics& metrics) { metrics_ = &metrics; }

  std::unique_ptr<RunningEffect> start(const EffectOrder& order, EffectHost::Settle settle);
  /// The effect `models`: what can be asked, once the servers have said what they have; with "choose", what
  /// a chat with that model, role and step would ask, and how long its context is.
  std::unique_ptr<RunningEffect> start_models(const EffectOrder& order, EffectHost::Settle settle);
  /// A provider effect that the call had in another host, or in an earlier leg.
  void restore(const EffectOrder& order, const JournalEntry& entry);
  /// Journals of provider calls that were under way when their host died, by id; each is taken when its
  /// effect starts again.
  void take_over(std::map<std::string, RecordedCall> served) { interrupted_.merge(served); }
  /// That call has ended, or is given back: what was not taken of it goes.
  void forget_interrupted(const std::string& journal);
  /// Before the first start(): what is known about models.
  void use_catalog(ModelCatalog catalog) { catalog_ = std::move(catalog); }
  /// Told which model was chosen, and why; may stay empty.
  std::function<void(const std::string&)> on_choice;
  /// Told which model rests, and for how long, or is asked again; may stay empty.
  std::function<void(BreakerState, const std::string&)> on_breaker;

  std::map<std::string, std::unique_ptr<ProviderEntry>>& providers() { return providers_; }
  const std::map<std::string, std::unique_ptr<ProviderEntry>>& providers() const { return providers_; }
  /// The retry budget of each model that was asked, by "provider/model"; for the simulator's checks.
  void each_budget(const std::function<void(const std::string&, const RetryBudget&)>& visit) const {
    for (const auto& [model, health] : health_) visit(model, health.budget);
  }
  /// The provider whose plugin instance this is; null for tools.
  const ProviderEntry* by_plugin(const PluginEntry* plugin) const;
  /// What can be asked; `reach` of the client that wants to know, null for operators, who have no client's
  /// model.
  std::string models_json(const ClientReach* reach = nullptr) const;

 private:
  class Attempts;
  struct Health {
    BreakerCore breaker;
    RetryBudget budget;
  };
  struct Choice {
    ProviderEntry* provider = nullptr;
    std::string model;
    const MethodManifest* method = nullptr;
    const ModelFacts* facts = nullptr;
    std::string why;
  };
  /// A server's own list of its models; empty with a reason when it could not be read.
  struct ListedModels {
    std::vector<std::string> names;
    std::string problem;
    TimePoint read_at{};
  };
  class ListWait;

  BoundDeadline raise_for_expert(const EffectOrder& order);
  std::string labels(const Choice& choice) const;
  void count_attempt(const Choice& choice, const CallOutcome& outcome, std::uint32_t made);
  void count_answer(const Choice& choice, CallId call, const nlohmann::json& reply);
  /// The breaker, after it heard what other hosts know.
  BreakerCore& breaker_of(const ProviderEntry& provider, const std::string& model);
  Result<BreakerPass> pass_breaker(const Choice& choice);
  void settle_breaker(const Choice& choice, BreakerPass pass, BreakerOutcome outcome);
  /// The journal of the provider call that answers this effect; the asking call's id, ".", the effect's
  /// index.
  static std::string journal_of(const EffectOrder& order);
  /// Of a provider call whose host died: the model that it asked, and what may stand in for it. Empty when it
  /// may not be asked any more, or would be asked for other things.
  std::vector<Choice> choose_as_before(const nlohmann::json& request, const EffectOrder& order,
                                       const std::string& method, const JournalHeader& before);
  /// The choices for a request, the first one first; those behind it are its fallbacks.
  Result<std::vector<Choice>> choose(const nlohmann::json& request, const EffectOrder& order,
                                     const std::string& method);
  std::vector<OfferedProvider> offers(const std::string& only, const std::string& model,
                                      const std::string& method, const ClientReach& reach) const;
  OfferedProvider offer_of(const ProviderEntry& provider) const;
  /// The providers whose list a choice needs and which is not there or too old.
  std::vector<ProviderEntry*> unlisted(const nlohmann::json& request, const std::string& method);
  /// Null when nothing needs to be waited for.
  std::unique_ptr<RunningEffect> wait_for_lists(const nlohmann::json& request, const EffectOrder& order,
                                                const std::string& method, const EffectHost::Settle& settle);
  std::unique_ptr<RunningEffect> start_choice(const nlohmann::json& wish, const EffectOrder& order,
                                              EffectHost::Settle settle);
  std::unique_ptr<RunningEffect> make_attempts(std::vector<Choice> choices, const nlohmann::json& request,
                                               const EffectOrder& order, EffectHost::Settle settle,
                                               std::optional<RecordedCall> before);
  ModelPolicy policy() const {
    return {settings_.models.local_only, settings_.default_provider, settings_.models.fallback};
  }
  std::unique_ptr<RunningEffect> start_chosen(const nlohmann::json& request, const EffectOrder& order,
                                              const std::string& method, EffectHost::Settle settle);
  Health& health(const std::string& provider, const std::string& model);
  void begin(const std::vector<AttemptId>& attempts);
  void release(ProviderEntry& provider, AttemptId id);
  void wake(ProviderEntry& provider);
  void arm_gate(ProviderEntry& provider);

  Scheduler& loop_;
  RandomSource& random_;
  const Settings& settings_;
  const CeilingsByProfile& ceilings_;
  CallRunner* runner_ = nullptr;
  Metrics* metrics_ = nullptr;
  MoneyLedger* ledger_ = nullptr;
  std::map<std::string, std::unique_ptr<ProviderEntry>> providers_;
  ModelCatalog catalog_;
  std::map<std::string, ListedModels> lists_;  // by provider
  std::map<std::string, Health> health_;       // by provider and model; bounded by kHealthMax
  std::unordered_map<AttemptId, Attempts*> waiting_;
  std::map<std::string, RecordedCall> interrupted_;
  AttemptId last_attempt_ = 0;
};

}  // namespace toolpost
