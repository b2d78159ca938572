// The part of ProviderService that knows the configured servers: which there are, and which one a model's
// name means.
#include <algorithm>

#include "base/text.hpp"
#include "config/value_grammar.hpp"
#include "runtime/dumped_json.hpp"
#include "runtime/provider_request.hpp"
#include "runtime/provider_service.hpp"

namespace toolpost {

using nlohmann::json;

namespace {

constexpr std::size_t kChoicesMax = 64;  // a first choice and what may stand in for it

/// The operator's header if there is one, else the plugin's.
BoundSecret bind_key(const ProviderSettings& settings, const Manifest& manifest, const Origin& origin,
                     std::string key) {
  const bool own = !settings.key_header.empty();
  return {origin, own ? settings.key_header : manifest.key_header,
          own ? settings.key_prefix : manifest.key_prefix, std::move(key)};
}

/// The plugin's name as catalogues have it: "kimi" for "dev.toolpost.kimi".
std::string settings_plugin(const ProviderEntry& provider) {
  const std::string& plugin = provider.settings.plugin;
  return plugin.substr(plugin.rfind('.') + 1);
}

/// Binds a provider to the model of whichever client asks.
void lend_client(ProviderEntry& provider) {
  provider.plugin.granted = {"sample"};
  provider.settings.attempts_max = 1;  // what was refused or not answered is not asked again
  if (provider.settings.models.empty()) provider.settings.models = {"default"};
  // A person may look at the question first: the call's own deadline holds.
  if (!provider.settings.ceiling) provider.settings.ceiling = Millis{0};
}

/// Binds a provider to its server and key.
void reach_server(ProviderEntry& provider, const Origin& origin, const Secret& key) {
  provider.origin = AllowedOrigin{origin, true};
  provider.plugin.granted = {"http"};
  json config = json::parse(provider.settings.config_json, nullptr, false);
  if (!config.is_object()) config = json::object();
  config["name"] = provider.name;
  config["base_url"] = provider.settings.base_url;
  config["has_key"] = !key.reveal().empty();
  provider.plugin.config_json = dumped(config);
  if (!key.reveal().empty()) {
    const Manifest& manifest = provider.plugin.found.manifest;
    provider.secret = bind_key(provider.settings, manifest, origin, std::string(key.reveal()));
  }
}

Error no_client_model() {
  return {Errc::unsupported,
          "the connected client lends no model (it declares no sampling); name another provider"};
}

json facts_json(const ModelFacts& facts) {
  json out = {{"name", facts.name}, {"abilities", facts.abilities}, {"speed", facts.speed}};
  if (!facts.aliases.empty()) out["aliases"] = facts.aliases;
  if (facts.context_tokens != 0) out["context_tokens"] = facts.context_tokens;
  if (facts.output_tokens_max != 0) out["output_tokens_max"] = facts.output_tokens_max;
  if (facts.price) {
    out["price"] = {
        {"input", facts.price->input}, {"output", facts.price->output}, {"currency", facts.currency}};
  }
  return out;
}

}  // namespace

void ProviderService::add(const std::string& name, const ProviderSettings& settings,
                          const FoundPlugin* plugin, const Result<Secret>& key) {
  auto entry = std::make_unique<ProviderEntry>();
  entry->name = name;
  entry->settings = settings;
  const bool of_client = plugin != nullptr && plugin->manifest.required == std::vector<std::string>{"sample"};
  if (share && plugin != nullptr && !of_client) entry->shared = share(name);
  entry->gate = std::make_unique<ProviderGateCore>(
      ProviderGateSettings{"providers." + name, settings.concurrency_max, settings.queue_size_max,
                           settings_.retry.attempt_min},
      entry->shared.get());
  const auto url = parse_url(settings.base_url);
  if (plugin == nullptr) {
    entry->unusable = Error{Errc::unsupported,
                            "provider " + name + ": there is no provider plugin \"" + settings.plugin + "\""};
  } else if (!of_client && !url) {
    entry->unusable = url.error().with("providers." + name + ".base_url");
  } else if (!key) {
    entry->unusable = key.error().with("provider " + name);
  } else {
    entry->plugin.found = *plugin;
    auto methods = compile_methods(entry->plugin.found.manifest);
    auto fits = check_plugin_config(plugin->manifest, settings.config_json, "providers." + name + ".config");
    if (methods) entry->plugin.methods = std::move(*methods);
    if (!methods) entry->unusable = methods.error();
    if (!fits) entry->unusable = fits.error();
    if (of_client) {
      lend_client(*entry);
    } else {
      reach_server(*entry, url->origin, *key);
    }
  }
  providers_[name] = std::move(entry);
}

void ProviderService::add_client(const FoundPlugin* plugin) {
  if (plugin == nullptr || providers_.contains("client")) return;
  ProviderSettings settings;
  settings.plugin = plugin->manifest.id;
  add("client", settings, plugin, Secret("no key", ""));
}

bool asks_client(const ProviderEntry& provider) {
  return provider.plugin.granted.contains("sample");
}

const ProviderEntry* ProviderService::by_plugin(const PluginEntry* plugin) const {
  for (const auto& [name, provider] : providers_) {
    if (&provider->plugin == plugin) return provider.get();
  }
  return nullptr;
}

bool is_local(const ProviderEntry& provider) {
  return provider.settings.local || (provider.origin && is_this_machine(lower(provider.origin->origin.host)));
}

OfferedProvider ProviderService::offer_of(const ProviderEntry& provider) const {
  OfferedProvider one;
  one.name = provider.name;
  one.plugin = settings_plugin(provider);
  one.models = provider.settings.models;
  one.allowed = provider.settings.models_allowed;
  one.preferred = provider.settings.models_preferred;
  one.local = is_local(provider);
  one.unusable = provider.unusable;
  if (const auto list = lists_.find(one.name); one.models.empty() && list != lists_.end()) {
    one.models = list->second.names;
    one.listed = true;
  }
  one.open = one.models.empty();
  for (const auto& [key, state] : health_) {
    if (key.starts_with(one.name + "/") && state.breaker.rests(loop_.now()))
      one.resting.insert(key.substr(one.name.size() + 1));
  }
  if (provider.shared) {
    for (const std::string& model : one.models)
      if (const auto rest = provider.shared->rest_of(model);
          rest && rest->openings > 0 && rest->left > Duration{0})
        one.resting.insert(model);
  }
  return one;
}

std::vector<OfferedProvider> ProviderService::offers(const std::string& only, const std::string& model,
                                                     const std::string& method,
                                                     const ClientReach& reach) const {
  std::vector<OfferedProvider> offered;
  std::vector<OfferedProvider> without_method;
  // The client's model is asked by its name, or when there is no other.
  const bool others = std::any_of(providers_.begin(), providers_.end(), [](const auto& entry) {
    return !asks_client(*entry.second) && !entry.second->unusable;
  });
  for (const auto& [name, provider] : providers_) {
    if (!only.empty() && only != name) continue;
    const bool named = only == name || model.starts_with(name + "/");
    if (asks_client(*provider) && !named && (others || !reach.model)) continue;
    OfferedProvider one = offer_of(*provider);
    if (asks_client(*provider) && !reach.model) one.unusable = no_client_model();
    if (!is_chat(method)) {
      // No model does this; the place of its name is still needed for breaker and budget.
      one.models = {provider->settings.models.empty() ? "any" : provider->settings.models.front()};
      one.allowed.clear();
    }
    auto& to =
        provider->unusable || provider->plugin.find_method(method) != nullptr ? offered : without_method;
    to.push_back(std::move(one));
  }
  // When nobody has the method, the refusal names the one that would have been asked.
  return offered.empty() ? without_method : offered;
}

Result<std::vector<ProviderService::Choice>> ProviderService::choose(const json& request,
                                                                     const EffectOrder& order,
                                                                     const std::string& method) {
  ModelWish wish = wish_of(request, order.method == nullptr ? "" : order.method->name, settings_.locale);
  // No model reads files or lists; only a provider may be meant.
  if (!is_chat(method) && wish.model.find('/') == std::string::npos) wish.model = "auto";
  const std::string only = text_of(request, "provider");
  const auto offered = offers(only, wish.model, method, order.reach);
  if (offered.empty() && !only.empty()) {
    std::vector<std::string> names;
    names.reserve(providers_.size());
    for (const auto& [name, provider] : providers_) names.push_back(name);
    const auto near = did_you_mean(only, names);
    return Error{Errc::not_found, "there is no provider \"" + plain_excerpt(only) + "\"" +
                                      (near ? "; did you mean \"" + *near + "\"?" : "")};
  }
  auto picks = pick_models(wish, offered, catalog_, policy());
  if (!picks) return picks.error();
  std::vector<Choice> choices;
  for (const ModelPick& pick : *picks) {
    if (choices.size() == kChoicesMax) break;
    ProviderEntry& provider = *providers_.at(pick.provider);
    const MethodManifest* found = provider.plugin.find_method(method);
    if (found == nullptr) {
      if (!choices.empty()) continue;
      return Error{Errc::unsupported, "provider " + provider.name + " (plugin " + provider.plugin.id() +
                                          ") has no method \"" + method.substr(0, 64) + "\""};
    }
    choices.push_back({&provider, pick.model, found, pick.facts, pick.why});
    if (!is_chat(method)) break;  // a file is where it was sent; no other provider stands in
  }
  return choices;
}

std::string ProviderService::models_json(const ClientReach* reach) const {
  json list = json::array();
  for (const auto& [name, provider] : providers_) {
    if (asks_client(*provider) && (reach == nullptr || !reach->model)) continue;  // not there for everybody
    json one = {{"provider", name},
                {"plugin", provider->settings.plugin},
                {"models", json::array()},
                {"running", provider->gate->running()},
                {"queued", provider->gate->waiting()}};
    if (provider->unusable) one["unusable"] = provider->unusable->message;
    const OfferedProvider offered = offer_of(*provider);
    for (const std::string& model : offered.models) {
      if (const auto no = forbidden(catalog_, offered, model, policy())) {
        one["forbidden"][model] = no->message;
        continue;
      }
      one["models"].push_back(model);
      if (const ModelFacts* facts = catalog_.facts(offered.plugin, model); facts != nullptr)
        one["facts"][model] = facts_json(*facts);
    }
    if (const auto listed = lists_.find(name); listed != lists_.end() && !listed->second.problem.empty())
      one["list_problem"] = listed->second.problem;
    if (!offered.resting.empty()) one["breaker_open"] = offered.resting;
    list.push_back(std::move(one));
  }
  return dumped(list);
}

}  // namespace toolpost
