#include "policy/ceilings_core.hpp"

namespace toolpost {
namespace {

using namespace std::chrono_literals;

// Nothing lives longer, whatever is switched off: a timer without end is how calls get lost.
constexpr Millis kBackstop = 24h;

std::string shown(const std::string& name, Millis value) { return name + " = " + std::to_string(value.count()); }

}  // namespace

BoundDeadline CeilingsCore::inside(const BoundDeadline& outer, TimePoint from, Millis ceiling, const std::string& name,
                                   Millis reserve) const {
  const TimePoint latest = outer.at - reserve;
  if (ceiling == 0ms || from + ceiling >= latest) return {latest, outer.setting};
  return {from + ceiling, shown(name, ceiling)};
}

BoundDeadline CeilingsCore::request(const CeilingInput& input) const {
  BoundDeadline bound{input.accepted + kBackstop, "the fixed bound of 24 hours"};
  if (ceilings_.daemon > 0ms) bound = {input.accepted + ceilings_.daemon, shown("ceilings.daemon_ms", ceilings_.daemon)};
  if (!input.client_resets && deadlines_.client_wall > 0ms) {
    bound = inside(bound, input.accepted, deadlines_.client_wall - deadlines_.client_reserve,
                   "deadlines.client_wall_ms - client_reserve_ms", 0ms);
  }
  return bound;
}

BoundDeadline CeilingsCore::tool(const CeilingInput& input) const {
  const BoundDeadline outer = request(input);
  if (input.tool_override) {
    return inside(outer, input.accepted, *input.tool_override, input.tool_override_name, deadlines_.tool_reserve);
  }
  return inside(outer, input.accepted, ceilings_.tool, "ceilings.tool_ms", deadlines_.tool_reserve);
}

BoundDeadline CeilingsCore::expert(const CeilingInput& input) const {
  return inside(request(input), input.accepted, ceilings_.expert, "ceilings.expert_ms", deadlines_.tool_reserve);
}

BoundDeadline CeilingsCore::attempt(TimePoint now, const BoundDeadline& parent, std::optional<Millis> override_ms,
                                    const std::string& provider) const {
  if (override_ms) {
    return inside(parent, now, *override_ms, "providers." + provider + ".ceiling_ms", deadlines_.provider_reserve);
  }
  return inside(parent, now, ceilings_.provider, "ceilings.provider_ms", deadlines_.provider_reserve);
}

Error deadline_error(const BoundDeadline& deadline) { return {Errc::deadline, deadline.setting + " passed"}; }

}  // namespace toolpost
