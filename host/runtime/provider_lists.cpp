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
constexpr Millis kListTime{5'000};        // longer a call does not wait for a list; it may need its time

/// Names go to logs and to terminals, and a server may list anything.
bool is_model_name(const std::string& name) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::vector<std::string> names_in(const CallOutcome& outcome) {
  std::vector<std::string> names;
  const json reply =
      outcome.parts.empty() ? json() : json::parse(outcome.parts.front().bytes, nullptr, false);
  if (!reply.is_object() || !reply.contains("models") || !reply["models"].is_array()) return names;
  for (const json& name : reply["models"]) {
    if (names.size() == kNamesMax) break;
    if (name.is_string() && is_model_name(name.get_ref<const std::string&>())) names.push_back(name);
  }
  return names;
}

}  // namespace

std::vector<ProviderEntry*> ProviderService::unlisted(const json& request, const std::string& method) {
  std::vector<ProviderEntry*> missing;
  const Millis ttl = settings_.models.list_ttl;
  if (!is_chat(method) || ttl.count() == 0) return missing;
  const std::string wanted = text_of(request, "model");
  const std::string only = text_of(request, "provider");
  for (const auto& [name, provider] : providers_) {
    if (wanted.starts_with(name + "/")) return {};
    const auto& configured = provider->settings.models;
    if (std::find(configured.begin(), configured.end(), wanted) != configured.end()) return {};
  }
  for (const auto& [name, provider] : providers_) {
    if (provider->unusable || !provider->settings.models.empty() ||
        provider->plugin.find_method("models") == nullptr)
      continue;
    if (!only.empty() && only != name) continue;
    if (settings_.models.local_only && !is_local(*provider)) continue;
    const auto list = lists_.find(name);
    const bool failed = list != lists_.end() && !list->second.problem.empty();
    if (list == lists_.end() ||
        loop_.now() - list->second.read_at > (failed ? std::min(ttl, kFailedListMax) : ttl))
      missing.push_back(provider.get());
  }
  return missing;
}

/// An effect that waits for lists; what `then` begins is the rest of it.
class ProviderService::ListWait final : public RunningEffect {
 public:
  using Then = std::function<std::unique_ptr<RunningEffect>(const EffectOrder& order)>;

  ListWait(ProviderService& service, const EffectOrder& order, Then then)
      : service_(service), journal_(order.journal), order_(order), then_(std::move(then)) {
    order_.kind = {};  // borrowed, and not needed any more
    order_.request = {};
    order_.journal = journal_;
  }
  ~ListWait() override {
    for (const CallId call : asking_) service_.runner_->cancel(call);
  }

  void ask(ProviderEntry& provider) {
    const TimePoint now = service_.loop_.now();
    const CeilingsCore& ceilings = service_.ceilings_.of(order_.profile);
    CallRequest call;
    call.plugin = &provider.plugin;
    call.method = provider.plugin.find_method("models");
    call.owner = order_.owner;
    call.parent = order_.call;
    call.request = "{}";
    call.accepted = now;
    call.bound = ceilings.attempt(ceilings.provider_call(order_.bound), now, nullptr);
    if (call.bound.deadline.at() > now + kListTime)
      call.bound = {Deadline(now + kListTime), "the time for a list of models", kListTime, {}, {}};
    // It goes with the journals of the call that it serves.
    if (!journal_.empty()) call.journal = journal_of(order_) + ".list." + provider.name;
    auto id = std::make_shared<CallId>(0);  // known only after run() has returned
    *id = service_.runner_->run(std::move(call),
                                [this, id, name = provider.name](const CallOutcome& outcome, const Journal&) {
                                  on_list(*id, name, outcome);
                                },
                                {});
    asking_.push_back(*id);
  }

  std::vector<ClientQuestion> for_client() const override {
    return inner_ ? inner_->for_client() : std::vector<ClientQuestion>{};
  }

  /// Asks those whose list is missing; with none, what comes after the lists begins at once.
  static std::unique_ptr<RunningEffect> begin(std::unique_ptr<ListWait> wait,
                                              const std::vector<ProviderEntry*>& missing) {
    for (ProviderEntry* provider : missing) wait->ask(*provider);
    if (missing.empty()) return wait->go_on();
    return wait;
  }

  /// What comes after the lists.
  std::unique_ptr<RunningEffect> go_on() { return std::exchange(then_, nullptr)(order_); }

 private:
  void on_list(CallId call, const std::string& provider, const CallOutcome& outcome) {
    std::erase(asking_, call);
    ListedModels& list = service_.lists_[provider];
    list.read_at = service_.loop_.now();
    if (outcome.code == Errc::ok) list.names = names_in(outcome);  // else an older list still holds
    list.problem = outcome.code != Errc::ok ? outcome.message
                   : list.names.empty()     ? "the server lists no models"
                                            : "";
    if (asking_.empty()) inner_ = go_on();
  }

  ProviderService& service_;
  const std::string journal_;  // of the asking call
  EffectOrder order_;
  Then then_;
  std::vector<CallId> asking_;
  std::unique_ptr<RunningEffect> inner_;
};

std::unique_ptr<RunningEffect> ProviderService::wait_for_lists(const json& request, const EffectOrder& order,
                                                               const std::string& method,
                                                               const EffectHost::Settle& settle) {
  const auto missing = unlisted(request, method);
  if (missing.empty()) return nullptr;
  auto wait =
      std::make_unique<ListWait>(*this, order, [this, request, method, settle](const EffectOrder& kept) {
        return start_chosen(request, kept, method, settle);
      });
  return ListWait::begin(std::move(wait), missing);
}

std::unique_ptr<RunningEffect> ProviderService::start_models(const EffectOrder& order,
                                                             EffectHost::Settle settle) {
  const json request = json::parse(order.request, nullptr, false);
  if (request.is_object() && request.contains("choose") && request["choose"].is_object())
    return start_choice(request["choose"], order, std::move(settle));
  const std::string limits = "\"provider_calls_max\":" + std::to_string(settings_.turns.provider_calls_max);
  if (request.is_object() && request.value("limits", json()) == true) {
    settle(Errc::ok, "{" + limits + "}");
    return nullptr;
  }
  const auto missing = unlisted(json::object(), "chat");
  auto wait = std::make_unique<ListWait>(
      *this, order,
      [this, limits, settle = std::move(settle)](const EffectOrder& kept) -> std::unique_ptr<RunningEffect> {
        settle(Errc::ok, "{\"providers\":" + models_json(&kept.reach) + "," + limits + "}");
        return nullptr;
      });
  return ListWait::begin(std::move(wait), missing);
}

std::unique_ptr<RunningEffect> ProviderService::start_choice(const json& wish, const EffectOrder& order,
                                                             EffectHost::Settle settle) {
  const auto missing = unlisted(wish, "chat");
  auto wait = std::make_unique<ListWait>(
      *this, order,
      [this, wish, settle = std::move(settle)](const EffectOrder& kept) -> std::unique_ptr<RunningEffect> {
        const auto choices = choose(wish, kept, "chat");
        if (!choices) {
          settle(effect_code(choices.error().code), choices.error().message);
          return nullptr;
        }
        const Choice& first = choices->front();
        json choice = {{"provider", first.provider->name}, {"model", first.model}, {"why", first.why}};
        if (first.facts != nullptr && first.facts->context_tokens != 0)
          choice["context_tokens"] = first.facts->context_tokens;
        settle(Errc::ok, dumped(json{{"choice", std::move(choice)}}));
        return nullptr;
      });
  return ListWait::begin(std::move(wait), missing);
}

}  // namespace toolpost
