#pragma once
// A host with a key, an attacking plugin, and what there is to be stolen.

#include "runtime_world.hpp"

namespace toolpost {

/// The key of the provider `local`. Its mask is what the plugin is told, so that a search finds only the key.
inline const std::string kCanary = "CANARYkey-5f1d6c1b2a";

inline nlohmann::json masked_canary() {
  nlohmann::json masked = nlohmann::json::array();
  for (int i = 0; i < 8; ++i) masked.push_back(kCanary[static_cast<std::size_t>(i)] ^ 0x55);
  return masked;
}

inline Settings with_key(Settings settings = {}) {
  settings.quarantine.enabled = false;  // each attack has its turn, however many crashed before
  ProviderSettings provider;
  provider.base_url = "http://127.0.0.1:9/v1";
  provider.models = {"m"};
  provider.key = SecretSource{"TOOLPOST_TEST_KEY", {}};
  settings.providers.try_emplace("local", provider);
  settings.providers.at("local").key = provider.key;
  return settings;
}

inline const char* test_key(const char* name) {
  return std::string_view(name) == "TOOLPOST_TEST_KEY" ? kCanary.c_str() : nullptr;
}

struct AttackWorld : RuntimeWorld {
  explicit AttackWorld(Settings with = {}, std::vector<std::string> plugins = {})
      : RuntimeWorld(all(std::move(plugins)), with_key(std::move(with)), {}, kWorkerProgram, test_key) {
    runtime->on_event = [this](Level, std::string_view event, const std::string& detail) {
      ++events[std::string(event)];
      details += detail + "\n";
    };
  }
  static std::vector<std::string> all(std::vector<std::string> plugins) {
    plugins.insert(plugins.begin(), {"tests/plugins/attack.so", "lib/toolpost/plugins/echo.so"});
    return plugins;
  }

  nlohmann::json attack(const std::string& method, const nlohmann::json& request = nlohmann::json::object(),
                        OwnerId owner = 1) {
    start(method, request.dump(), owner);
    settle();
    const CallOutcome& outcome = outcomes.at(method);
    CAPTURE(method, outcome.message);
    REQUIRE(outcome.code == Errc::ok);
    return reply(method);
  }
  nlohmann::json refusals(const std::string& id = "test.attack") const {
    const auto status = nlohmann::json::parse(runtime->status_json(true));
    for (const auto& plugin : status.at("plugins")) {
      if (plugin.at("id") == id) return plugin.value("refusals", nlohmann::json::object());
    }
    return {};
  }
  std::map<std::string, int> events;
  std::string details;
};

}  // namespace toolpost
