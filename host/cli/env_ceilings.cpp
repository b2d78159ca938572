#include "cli/env_ceilings.hpp"

#include <algorithm>

namespace toolpost {
namespace {

// The defaults of deadlines.provider_reserve_ms and tool_reserve_ms, which no variable changes.
constexpr const char* kProviderReserve = "deadlines.provider_reserve_ms";
constexpr const char* kToolReserve = "deadlines.tool_reserve_ms";
constexpr double kCeilingMsMax = 86'400'000;

}  // namespace

ImportedCeiling import_ceiling(EnvToml& toml, const std::string& key, double ms, std::string_view variable) {
  ImportedCeiling imported;
  for (const char* profile : {"ceilings.", "ceilings_long."}) {
    const bool is_long = ms > kShortCeilingMsMax;
    if (ms > 0 && is_long != (profile == std::string_view("ceilings_long."))) continue;
    imported.moved = !toml.set_number(profile + key, ms, variable) || imported.moved;
    imported.setting += (imported.setting.empty() ? "" : " ") + (profile + key);
  }
  const std::string what =
      key == "tool_ms" ? "a tool call" : "a tool call once it asks an expert, from its acceptance";
  if (ms <= 0) {
    imported.meaning =
        "0 switches the ceiling of " + what + " off in both profiles; the next outer one of each still holds";
  } else if (ms > kShortCeilingMsMax) {
    imported.meaning =
        "bounds " + what +
        "; more than 60 s hold for durable calls and `toolpost call --patient` only: others keep "
        "ceilings." +
        key + ", since most clients give up after 60 s";
  } else {
    imported.meaning = "bounds " + what + "; nothing else is derived from it";
  }
  return imported;
}

void nest_ceilings(EnvToml& toml, const std::function<void(const std::string& setting)>& adjusted) {
  const double provider_reserve = toml.number(kProviderReserve), tool_reserve = toml.number(kToolReserve);
  for (const std::string profile : {"ceilings.", "ceilings_long."}) {
    const auto value = [&](const char* key) { return toml.number(profile + key); };
    const auto change = [&](const char* key, double wanted) {
      if (wanted == value(key)) return;
      toml.set_number(profile + key, wanted, "so that the ceilings nest");
      adjusted(profile + key);
    };
    // The largest that still leaves room for the daemon's ceiling around it.
    change("tool_ms", std::min(value("tool_ms"), kCeilingMsMax - tool_reserve));
    if (value("expert_ms") > 0) change("expert_ms", std::max(value("expert_ms"), value("tool_ms")));
    const double inner = value("tool_ms") > 0 ? value("tool_ms") + tool_reserve : 0;
    change("daemon_ms", std::max({value("daemon_ms"), value("expert_ms"), inner}));
    const double outer = value("tool_ms") > 0     ? value("tool_ms")
                         : value("expert_ms") > 0 ? value("expert_ms")
                                                  : value("daemon_ms");
    if (value("provider_ms") > 0)
      change("provider_ms", std::min(value("provider_ms"), std::max(0.0, outer - provider_reserve)));
  }
}

}  // namespace toolpost
