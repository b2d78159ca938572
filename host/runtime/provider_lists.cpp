// The part of ProviderService that asks servers which models they have, when the configuration names none,
// and keeps the answer for models.list_ttl_ms.
#include <algorithm>

#include "runtime/dumped_json.hpp"
#include "runtime/provider_request.hpp"
#include "runtime/provider_service.hpp"

namespace toolpost {

using nlohmann::json;

namespace {

constexpr std::size_t kNamesMax = 2'000;
constexpr std::size_t kNameBytesMax = 200;
constexpr Millis kFailedListMax{60'000};  // a list that could not be read is asked for again after this

const MethodManifest* models_method(const ProviderEntry& provider) {
  for (const MethodEntry& method : provider.plugin.methods)
    if (method.manifest->name == "models") return method.manifest;
  return nullptr;
}

std::vector<std::string> names_in(const CallOutcome& outcome) {
  std::vector<std::string> names;
  const json reply =
      outcome.parts.empty() ? json() : json::parse(outcome.parts.front().bytes, nullptr, false);
  if (!reply.is_object() || !reply.contains("models") || !reply["models"].is_array()) return names;
  for (const json& name : reply["models"]) {
    if (names.size() == kNamesMax) break;
    if (name.is_string() && name.get_ref<const std::string&>().size() <= kNameBytesMax) names.push_back(name);
  }
  return names;
}

}  // namespace

std::vector<ProviderEntry*> ProviderService::unlisted(const json& request, const std::string& method) {
  std::vector<ProviderEntry*> missing;
  const Millis ttl = settings_.models.list_ttl;
  if (!is_chat(method) || ttl.count() == 0) return missing;
  const std::string wanted =
      request.value("model", json("auto")).is_string() ? request.value("model", "auto") : "";
  const std::string only =
      request.value("provider", json("")).is_string() ? request.value("provider", "") : "";
  for (const auto& [name, provider] : providers_) {
    const auto& configured = provider->settings.models;
    if (std::find(configured.begin(), configured.end(), wanted) != configured.end()) return {};
  }
  for (const auto& [name, provider] : providers_) {
    if (provider->unusable || !provider->settings.models.empty() || models_method(*provider) == nullptr)
      continue;
    if ((!only.empty() && only != name) || wanted.starts_with(name + "/")) continue;
    if (settings_.models.local_only && !is_local(*provider)) continue;
    const auto list = lists_.find(name);
    const bool failed = list != lists_.end() && !list->second.problem.empty();
    if (list == lists_.end() ||
        loop_.now() - list->second.read_at > (failed ? std::min(ttl, kFailedListMax) : ttl))
      missing.push_back(provider.get());
  }
  return missing;
}

/// A provider effect that waits for lists, and is then the attempts.
class ProviderService::ListWait final : public RunningEffect {
 public:
  ListWait(ProviderService& service, json request, const EffectOrder& order, std::string method,
           EffectHost::Settle settle)
      : service_(service),
        request_(std::move(request)),
        method_(std::move(method)),
        order_(order),
        settle_(std::move(settle)) {
    order_.kind = "provider";
    order_.request = {};  // borrowed, and not needed any more
  }
  ~ListWait() override {
    for (const CallId call : asking_) service_.runner_->cancel(call);
  }

  void ask(ProviderEntry& provider) {
    const TimePoint now = service_.loop_.now();
    const CeilingsCore& ceilings = service_.ceilings_.of(order_.profile);
    CallRequest call;
    call.plugin = &provider.plugin;
    call.method = models_method(provider);
    call.owner = order_.owner;
    call.parent = order_.call;
    call.request = "{}";
    call.accepted = now;
    call.bound = ceilings.attempt(ceilings.provider_call(order_.bound), now, nullptr);
    auto id = std::make_shared<CallId>(0);  // known only after run() has returned
    *id = service_.runner_->run(std::move(call),
                                [this, id, name = provider.name](const CallOutcome& outcome, const Journal&) {
                                  on_list(*id, name, outcome);
                                },
                                {});
    asking_.push_back(*id);
  }

 private:
  void on_list(CallId call, const std::string& provider, const CallOutcome& outcome) {
    std::erase(asking_, call);
    ListedModels& list = service_.lists_[provider];
    list.read_at = service_.loop_.now();
    list.names = outcome.code == Errc::ok ? names_in(outcome) : std::vector<std::string>{};
    list.problem = outcome.code != Errc::ok ? outcome.message
                   : list.names.empty()     ? "the server lists no models"
                                            : "";
    if (asking_.empty())
      inner_ = service_.start_chosen(request_, order_, method_, std::exchange(settle_, nullptr));
  }

  ProviderService& service_;
  const json request_;
  const std::string method_;
  EffectOrder order_;
  EffectHost::Settle settle_;
  std::vector<CallId> asking_;
  std::unique_ptr<RunningEffect> inner_;
};

std::unique_ptr<RunningEffect> ProviderService::wait_for_lists(const json& request, const EffectOrder& order,
                                                               const std::string& method,
                                                               const EffectHost::Settle& settle) {
  const auto missing = unlisted(request, method);
  if (missing.empty()) return nullptr;
  auto wait = std::make_unique<ListWait>(*this, request, order, method, settle);
  for (ProviderEntry* provider : missing) wait->ask(*provider);
  return wait;
}

}  // namespace toolpost
