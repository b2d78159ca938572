// The part of ProviderService that knows the configured servers: which there are, and which one a model's
// name means.
#include <algorithm>

#include "base/text.hpp"
#include "runtime/dumped_json.hpp"
#include "runtime/provider_service.hpp"

namespace toolpost {

using nlohmann::json;

namespace {

/// The operator's header if there is one, else the plugin's.
BoundSecret bind_key(const ProviderSettings& settings, const Manifest& manifest, const Origin& origin,
                     std::string key) {
  const bool own = !settings.key_header.empty();
  return {origin, own ? settings.key_header : manifest.key_header,
          own ? settings.key_prefix : manifest.key_prefix, std::move(key)};
}

}  // namespace

void ProviderService::add(const std::string& name, const ProviderSettings& settings,
                          const FoundPlugin* plugin, const Result<Secret>& key) {
  auto entry = std::make_unique<ProviderEntry>();
  entry->name = name;
  entry->settings = settings;
  entry->gate = std::make_unique<ProviderGateCore>(ProviderGateSettings{
      "providers." + name + ".concurrency_max", settings.concurrency_max, 64, settings_.retry.attempt_min});
  const auto url = parse_url(settings.base_url);
  if (plugin == nullptr) {
    entry->unusable = Error{Errc::unsupported,
                            "provider " + name + ": there is no provider plugin \"" + settings.plugin + "\""};
  } else if (!url) {
    entry->unusable = url.error().with("providers." + name + ".base_url");
  } else if (!key) {
    entry->unusable = key.error().with("provider " + name);
  } else {
    entry->plugin.found = *plugin;
    entry->origin = AllowedOrigin{url->origin, true};
    entry->plugin.granted = {"http"};
    auto methods = compile_methods(entry->plugin.found.manifest);
    auto fits = check_plugin_config(plugin->manifest, settings.config_json, "providers." + name + ".config");
    if (methods) entry->plugin.methods = std::move(*methods);
    if (!methods) entry->unusable = methods.error();
    if (!fits) entry->unusable = fits.error();
    json config = json::parse(settings.config_json, nullptr, false);
    if (!config.is_object()) config = json::object();
    config["name"] = name;
    config["base_url"] = settings.base_url;
    config["has_key"] = !key->reveal().empty();
    entry->plugin.config_json = dumped(config);
    if (!key->reveal().empty())
      entry->secret = bind_key(settings, plugin->manifest, url->origin, std::string(key->reveal()));
  }
  providers_[name] = std::move(entry);
}

const ProviderEntry* ProviderService::by_plugin(const PluginEntry* plugin) const {
  for (const auto& [name, provider] : providers_) {
    if (&provider->plugin == plugin) return provider.get();
  }
  return nullptr;
}

Result<ProviderService::Choice> ProviderService::choose(const std::string& wanted) {
  if (providers_.empty()) {
    return Error{Errc::unsupported,
                 "no model provider is configured; add [providers.NAME] with base_url and models to the "
                 "configuration"};
  }
  const auto allowed = [](const ProviderEntry& provider, const std::string& model) {
    const auto& list = provider.settings.models_allowed;
    return list.empty() || std::find(list.begin(), list.end(), model) != list.end();
  };
  ProviderEntry* usual = providers_.begin()->second.get();
  if (const auto named = providers_.find(settings_.default_provider); named != providers_.end())
    usual = named->second.get();
  if (wanted.empty() || wanted == "auto") {
    if (usual->unusable) return *usual->unusable;
    if (usual->settings.models.empty()) {
      return Error{Errc::unsupported,
                   "provider " + usual->name + " names no models; set providers." + usual->name + ".models"};
    }
    return Choice{usual, usual->settings.models.front(), nullptr};
  }
  std::vector<std::string> known;
  for (const auto& [name, provider] : providers_) {
    std::string model = wanted;
    bool match = std::find(provider->settings.models.begin(), provider->settings.models.end(), wanted) !=
                 provider->settings.models.end();
    if (wanted.starts_with(name + "/")) {
      model = wanted.substr(name.size() + 1);
      match = true;
    }
    known.insert(known.end(), provider->settings.models.begin(), provider->settings.models.end());
    if (!match) continue;
    if (provider->unusable) return *provider->unusable;
    if (!allowed(*provider, model)) {
      std::string why = "model " + model;
      why += " is not in providers." + name;
      return Error{Errc::permission, why + ".models_allowed"};
    }
    return Choice{provider.get(), model, nullptr};
  }
  const auto near = did_you_mean(wanted, known);
  return Error{Errc::not_found, "no provider offers model \"" + wanted.substr(0, 100) + "\"" +
                                    (near ? "; did you mean \"" + *near + "\"?"
                                          : "; use auto, or NAME/model for provider NAME")};
}

std::string ProviderService::models_json() const {
  json list = json::array();
  for (const auto& [name, provider] : providers_) {
    json one = {{"provider", name},
                {"plugin", provider->settings.plugin},
                {"models", provider->settings.models},
                {"running", provider->gate->running()},
                {"queued", provider->gate->waiting()}};
    if (provider->unusable) one["unusable"] = provider->unusable->message;
    for (const auto& [key, state] : health_) {
      if (key.starts_with(name + "/") && state.breaker.state() == BreakerState::open)
        one["breaker_open"].push_back(key.substr(name.size() + 1));
    }
    list.push_back(std::move(one));
  }
  return dumped(list);
}

}  // namespace toolpost
