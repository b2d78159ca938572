// The settings of [providers.NAME] and [plugins."ID"]. Part of the one table of settings.
#include "config/setting_row.hpp"

namespace toolpost {
namespace {

using Provider = ProviderSettings;
constexpr Setting<Provider> make_provider_config() {
  auto setting = plain<Provider, &Provider::config_json>(
      "", "config", "{}", "Passed to the plugin, which checks it against its own schema.");
  setting.spec.kind = SettingKind::object;
  return setting;
}

constexpr Setting<Provider> kProviderSettings[] = {
    plain<Provider, &Provider::plugin>("", "plugin", "\"openai\"", "The provider plugin that speaks to it."),
    plain<Provider, &Provider::base_url>(
        "", "base_url", "\"\"",
        "An http or https URL, required; its origin is all that the plugin may reach."),
    plain<Provider, &Provider::key>("", "key", "",
                                    "{ env = \"NAME\" }, { file = \"/absolute/path\" } (mode 0600) or "
                                    "{ command = [\"/absolute/program\"] }; sent to that origin only."),
    plain<Provider, &Provider::key_header>(
        "", "key_header", "\"\"",
        "The header that carries the key, for example \"api-key\"; empty takes the plugin's own."),
    plain<Provider, &Provider::key_prefix>(
        "", "key_prefix", "\"\"", "What stands before the key in key_header, for example \"Bearer \"."),
    plain<Provider, &Provider::models>(
        "", "models", "[]", "The models offered; empty asks the server for its list and takes any name."),
    plain<Provider, &Provider::models_allowed>("", "models_allowed", "[]",
                                               "The models that may be asked for; empty allows all."),
    plain<Provider, &Provider::models_preferred>("", "models_preferred", "[]",
                                                 "What auto takes first, in this order."),
    plain<Provider, &Provider::local>("", "local", "false",
                                      "Counts as local for models.local_only though it is another machine."),
    row<Provider, &Provider::concurrency_max>("", "concurrency_max", "8", {1, 10'000}, "attempts",
                                              "Attempts at once."),
    row<Provider, &Provider::queue_size_max>(
        "", "queue_size_max", "64", {0, 10'000}, "attempts",
        "Attempts that wait for one of those; further ones are refused."),
    row<Provider, &Provider::ceiling>("", "ceiling_ms", "", kCeiling, "", "Overrides ceilings.provider_ms."),
    row<Provider, &Provider::attempts_max>("", "attempts_max", "", {1, 10}, "attempts",
                                           "Overrides retry.attempts_max."),
    row<Provider, &Provider::daily_cost_max>("", "daily_cost_max", "0.0", {0, 1'000'000}, "money",
                                             "What its chats may cost in a UTC day, in its catalogue's "
                                             "currency, all hosts together; 0 sets no limit."),
    make_provider_config(),
};

using Plugin = PluginSettings;
constexpr Setting<Plugin> make_plugin_config() {
  auto setting = plain<Plugin, &Plugin::config_json>(
      "", "config", "{}", "Passed to the plugin, which checks it against its own schema.");
  setting.spec.kind = SettingKind::object;
  return setting;
}

constexpr Setting<Plugin> kPluginSettings[] = {
    plain<Plugin, &Plugin::enabled>("", "enabled", "true", "Whether the plugin is offered at all."),
    plain<Plugin, &Plugin::grant>(
        "", "grant", "[]", "The effect kinds it may ask for, for example \"file.read\" or \"provider\"."),
    plain<Plugin, &Plugin::http_origins>(
        "", "http_origins", "[]",
        "Exact origins that its http effect may reach, for example \"https://api.example.com\"."),
    row<Plugin, &Plugin::ceiling>("", "ceiling_ms", "", kCeiling, "", "Overrides ceilings.tool_ms."),
    row<Plugin, &Plugin::turn_max>("", "turn_max_ms", "", {10, 600'000}, "", "Overrides turns.turn_max_ms."),
    row<Plugin, &Plugin::calls_max>("", "calls_max", "", {1, 100'000}, "calls",
                                    "Overrides admission.plugin_calls_max."),
    make_plugin_config(),
};

}  // namespace

std::span<const Setting<ProviderSettings>> provider_settings() {
  return kProviderSettings;
}
std::span<const Setting<PluginSettings>> plugin_settings() {
  return kPluginSettings;
}

}  // namespace toolpost
