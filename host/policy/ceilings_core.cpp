#include "policy/ceilings_core.hpp"

#include <utility>

namespace toolpost {
namespace {

BoundDeadline less_reserve(const BoundDeadline& outer, Duration reserve) {
  BoundDeadline inner = outer;
  inner.deadline = Deadline(outer.deadline.at() - reserve);
  inner.reserve += reserve;
  return inner;
}

/// The inner one wins a tie: it is the nearer explanation.
BoundDeadline earlier(BoundDeadline inner, BoundDeadline outer) {
  return outer.deadline.at() < inner.deadline.at() ? std::move(outer) : std::move(inner);
}

BoundDeadline overridden(TimePoint from, const CeilingOverride& ceiling) {
  return {Deadline(from + ceiling.value()), *ceiling.setting(), ceiling.value(), Duration{0},
          ceiling.setting()};
}

Error invalid(std::string message) {
  return {Errc::invalid_config, std::move(message), Millis{0}, SideEffect::none};
}

struct NamedTime {
  const char* setting;
  Millis value;
};

}  // namespace

Result<CeilingsCore> CeilingsCore::make(const CeilingSettings& ceilings, const DeadlineSettings& deadlines,
                                        CeilingProfile profile) {
  const std::string section = profile == CeilingProfile::normal ? "ceilings." : "ceilings_long.";
  const NamedTime ceiling_times[] = {{"provider_ms", ceilings.provider},
                                     {"tool_ms", ceilings.tool},
                                     {"expert_ms", ceilings.expert},
                                     {"daemon_ms", ceilings.daemon},
                                     {"upload_ms", ceilings.upload}};
  for (const NamedTime& time : ceiling_times)
    if (time.value < Millis{0} || time.value > unbounded_max)
      return invalid(section + time.setting + " = " + std::to_string(time.value.count()) +
                     " is outside 0..86400000; use 0 to switch it off");
  const NamedTime reserve_times[] = {{"provider_reserve_ms", deadlines.provider_reserve},
                                     {"tool_reserve_ms", deadlines.tool_reserve},
                                     {"client_wall_ms", deadlines.client_wall},
                                     {"client_reserve_ms", deadlines.client_reserve}};
  for (const NamedTime& time : reserve_times)
    if (time.value < Millis{0} || time.value > unbounded_max)
      return invalid(std::string("deadlines.") + time.setting + " = " + std::to_string(time.value.count()) +
                     " is outside 0..86400000");
  if (ceilings.daemon == Millis{0} && !deadlines.allow_unbounded)
    return invalid(section +
                   "daemon_ms = 0 switches the outermost ceiling off; that needs "
                   "deadlines.allow_unbounded = true, and a bound of 24 h then holds");
  if (deadlines.client_wall != Millis{0} && deadlines.client_reserve >= deadlines.client_wall)
    return invalid(
        "deadlines.client_reserve_ms = " + std::to_string(deadlines.client_reserve.count()) +
        " leaves nothing of deadlines.client_wall_ms = " + std::to_string(deadlines.client_wall.count()));
  if (ceilings.daemon != Millis{0} && deadlines.tool_reserve >= ceilings.daemon)
    return invalid("deadlines.tool_reserve_ms = " + std::to_string(deadlines.tool_reserve.count()) +
                   " leaves nothing of " + section +
                   "daemon_ms = " + std::to_string(ceilings.daemon.count()));
  return CeilingsCore(ceilings, deadlines, profile);
}

BoundDeadline CeilingsCore::own(TimePoint from, std::string_view normal, std::string_view durable,
                                Millis value) const {
  return {Deadline(from + value), profile_ == CeilingProfile::normal ? normal : durable, value, Duration{0},
          nullptr};
}

BoundDeadline CeilingsCore::request(TimePoint accepted, ClientWall wall) const {
  BoundDeadline bound =
      ceilings_.daemon == Millis{0}
          ? own(accepted, "the fixed bound of unbounded requests", "the fixed bound of unbounded requests",
                unbounded_max)
          : own(accepted, "ceilings.daemon_ms", "ceilings_long.daemon_ms", ceilings_.daemon);
  if (wall == ClientWall::none || deadlines_.client_wall == Millis{0}) return bound;
  const BoundDeadline client{Deadline(accepted + deadlines_.client_wall), "deadlines.client_wall_ms",
                             deadlines_.client_wall, Duration{0}, nullptr};
  return earlier(std::move(bound), less_reserve(client, deadlines_.client_reserve));
}

BoundDeadline CeilingsCore::tool(const BoundDeadline& request, TimePoint accepted, TimePoint now,
                                 const CeilingOverride* ceiling) const {
  BoundDeadline outer = less_reserve(request, deadlines_.tool_reserve);
  const Millis value = ceiling != nullptr ? ceiling->value() : ceilings_.tool;
  if (value != Millis{0})
    return earlier(ceiling != nullptr ? overridden(now, *ceiling)
                                      : own(now, "ceilings.tool_ms", "ceilings_long.tool_ms", value),
                   std::move(outer));
  if (ceilings_.expert == Millis{0}) return outer;
  return earlier(own(accepted, "ceilings.expert_ms", "ceilings_long.expert_ms", ceilings_.expert),
                 std::move(outer));
}

BoundDeadline CeilingsCore::raised(const BoundDeadline& request, const BoundDeadline& tool,
                                   TimePoint accepted) const {
  BoundDeadline outer = less_reserve(request, deadlines_.tool_reserve);
  BoundDeadline expert =
      ceilings_.expert == Millis{0}
          ? outer
          : earlier(own(accepted, "ceilings.expert_ms", "ceilings_long.expert_ms", ceilings_.expert), outer);
  // A tool with a longer ceiling of its own must not lose time by asking an expert.
  return expert.deadline.at() > tool.deadline.at() ? expert : tool;
}

BoundDeadline CeilingsCore::provider_call(const BoundDeadline& parent) const {
  return less_reserve(parent, deadlines_.provider_reserve);
}

BoundDeadline CeilingsCore::attempt(const BoundDeadline& parent, TimePoint now,
                                    const CeilingOverride* ceiling) const {
  BoundDeadline outer = provider_call(parent);
  const Millis value = ceiling != nullptr ? ceiling->value() : ceilings_.provider;
  if (value == Millis{0}) return outer;
  return earlier(ceiling != nullptr ? overridden(now, *ceiling)
                                    : own(now, "ceilings.provider_ms", "ceilings_long.provider_ms", value),
                 std::move(outer));
}

BoundDeadline CeilingsCore::upload(const BoundDeadline& parent, TimePoint now) const {
  BoundDeadline outer = provider_call(parent);
  if (ceilings_.upload == Millis{0}) return outer;
  return earlier(own(now, "ceilings.upload_ms", "ceilings_long.upload_ms", ceilings_.upload),
                 std::move(outer));
}

CeilingsByProfile CeilingsByProfile::make(const Settings& settings) {
  return {*CeilingsCore::make(settings.ceilings, settings.deadlines, CeilingProfile::normal),
          *CeilingsCore::make(settings.ceilings_long, settings.deadlines, CeilingProfile::patient)};
}

Error deadline_error(const BoundDeadline& bound, TimePoint accepted, TimePoint now, unsigned attempts) {
  std::string message = "deadline: ";
  message += bound.setting;
  message += " = " + std::to_string(bound.value.count());
  if (bound.reserve > Duration{0}) message += " less " + std::to_string(to_ms(bound.reserve)) + " ms reserve";
  message += " passed after " + ms_text(now - accepted);
  if (attempts > 0) message += ", " + std::to_string(attempts) + (attempts == 1 ? " attempt" : " attempts");
  return {Errc::deadline, std::move(message), Millis{0}, SideEffect::none};
}

}  // namespace toolpost
