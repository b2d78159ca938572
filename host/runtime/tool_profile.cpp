#include "runtime/tool_profile.hpp"

#include <algorithm>
#include <array>

namespace toolpost {
namespace {

constexpr std::array<std::string_view, 11> kLean = {"analyze",    "chat",      "codereview", "debug",
                                                    "listmodels", "planner",   "refactor",   "status",
                                                    "testgen",    "thinkdeep", "version"};
constexpr std::array<std::string_view, 7> kStandardToo = {"apilookup", "challenge", "consensus", "docgen",
                                                          "precommit", "secaudit",  "tracer"};

bool holds(const auto& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

ToolOffer offer_of(std::string_view tool, PluginOrigin origin, const ToolSettings& settings) {
  if (holds(settings.disable, tool)) return ToolOffer::disabled;
  const bool in_profile = settings.profile == "full" || origin == PluginOrigin::dropped_in ||
                          holds(kLean, tool) || (settings.profile == "standard" && holds(kStandardToo, tool));
  return in_profile || holds(settings.enable, tool) ? ToolOffer::listed : ToolOffer::unlisted;
}

}  // namespace toolpost
