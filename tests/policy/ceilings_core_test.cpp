#include "policy/ceilings_core.hpp"

#include "catch.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {

const TimePoint start{1h};

CeilingsCore core(const CeilingSettings& ceilings = {}, const DeadlineSettings& deadlines = {},
                  CeilingProfile profile = CeilingProfile::normal) {
  return CeilingsCore::make(ceilings, deadlines, profile).value();
}

}  // namespace

TEST_CASE("ceilings: a request gets the daemon ceiling, to the half second, where the client has no wall",
          "[policy]") {
  const BoundDeadline bound = core().request(start, ClientWall::none);
  CHECK(bound.deadline.at() == start + 67'500ms);
  CHECK(bound.setting == "ceilings.daemon_ms");
  CHECK(bound.value == 67'500ms);
}

TEST_CASE("ceilings: a client's wall holds less its reserve, unless it is off or later", "[policy]") {
  const BoundDeadline walled = core().request(start, ClientWall::applies);
  CHECK(walled.deadline.at() == start + 58s);
  CHECK(walled.setting == "deadlines.client_wall_ms");
  CHECK(walled.reserve == 2s);

  DeadlineSettings off;
  off.client_wall = 0ms;
  CHECK(core({}, off).request(start, ClientWall::applies).deadline.at() == start + 67'500ms);
  DeadlineSettings late;
  late.client_wall = 69'501ms;
  CHECK(core({}, late).request(start, ClientWall::applies).setting == "ceilings.daemon_ms");
  late.client_wall = 69'499ms;
  CHECK(core({}, late).request(start, ClientWall::applies).setting == "deadlines.client_wall_ms");
}

TEST_CASE("ceilings: a tool has its own ceiling within what is left of the request, less the reserve",
          "[policy]") {
  const CeilingsCore ceilings = core();
  const BoundDeadline request = ceilings.request(start, ClientWall::none);
  CHECK(ceilings.tool(request, start, start).setting == "ceilings.tool_ms");
  CHECK(ceilings.tool(request, start, start + 1s).deadline.at() == start + 46s);
  // 67.5 s - 0.75 s - 45 s = 21.75 s: at that moment both agree, and the nearer explanation is given.
  CHECK(ceilings.tool(request, start, start + 21'750ms).setting == "ceilings.tool_ms");
  const BoundDeadline late = ceilings.tool(request, start, start + 21'751ms);
  CHECK(late.setting == "ceilings.daemon_ms");
  CHECK(late.deadline.at() == start + 66'750ms);
}

TEST_CASE(
    "ceilings: asking an expert raises the tool to the expert ceiling, counted from acceptance and once",
    "[policy]") {
  const CeilingsCore ceilings = core();
  const BoundDeadline request = ceilings.request(start, ClientWall::none);
  const BoundDeadline tool = ceilings.tool(request, start, start + 5s);
  const BoundDeadline raised = ceilings.raised(request, tool, start);
  CHECK(raised.deadline.at() == start + 60s);
  CHECK(raised.setting == "ceilings.expert_ms");
  CHECK(ceilings.raised(request, raised, start).deadline.at() == start + 60s);
}

TEST_CASE("ceilings: a raise never passes the outer deadline less its reserve and never shortens",
          "[policy]") {
  const CeilingsCore ceilings = core();
  const BoundDeadline walled = ceilings.request(start, ClientWall::applies);
  const BoundDeadline tool = ceilings.tool(walled, start, start);
  const BoundDeadline raised = ceilings.raised(walled, tool, start);
  CHECK(raised.deadline.at() == start + 57'250ms);
  CHECK(raised.setting == "deadlines.client_wall_ms");
  CHECK(raised.reserve == 2'750ms);

  const CeilingOverride longer("plugins.\"debug\".ceiling_ms", 65s);
  const BoundDeadline request = ceilings.request(start, ClientWall::none);
  const BoundDeadline own = ceilings.tool(request, start, start, &longer);
  CHECK(ceilings.raised(request, own, start).deadline.at() == start + 65s);
}

TEST_CASE("ceilings: an attempt has its own ceiling within its parent, less the provider reserve",
          "[policy]") {
  const CeilingsCore ceilings = core();
  const BoundDeadline tool = ceilings.tool(ceilings.request(start, ClientWall::none), start, start);
  CHECK(ceilings.provider_call(tool).deadline.at() == start + 44'500ms);
  CHECK(ceilings.attempt(tool, start).deadline.at() == start + 30s);
  CHECK(ceilings.attempt(tool, start + 14'500ms).setting == "ceilings.provider_ms");
  const BoundDeadline second = ceilings.attempt(tool, start + 14'501ms);
  CHECK(second.setting == "ceilings.tool_ms");
  CHECK(second.deadline.at() == start + 44'500ms);
  CHECK(ceilings.upload(tool, start).setting == "ceilings.tool_ms");
}

TEST_CASE("ceilings: the durable profile is named by its own section", "[policy]") {
  const CeilingSettings durable{600s, 660s, 720s, 810s, 120s};
  const CeilingsCore ceilings = core(durable, {}, CeilingProfile::patient);
  const BoundDeadline request = ceilings.request(start, ClientWall::none);
  CHECK(request.setting == "ceilings_long.daemon_ms");
  const BoundDeadline tool = ceilings.tool(request, start, start);
  CHECK(tool.setting == "ceilings_long.tool_ms");
  CHECK(ceilings.attempt(tool, start).setting == "ceilings_long.provider_ms");
  CHECK(ceilings.upload(tool, start).deadline.at() == start + 120s);
}

TEST_CASE("ceilings: one that is off leaves it to the next outer one", "[policy]") {
  CeilingSettings settings;
  settings.provider = 0ms;
  const CeilingsCore no_provider = core(settings);
  const BoundDeadline request = no_provider.request(start, ClientWall::none);
  CHECK(no_provider.attempt(no_provider.tool(request, start, start), start).setting == "ceilings.tool_ms");

  settings.tool = 0ms;
  const CeilingsCore no_tool = core(settings);
  const BoundDeadline tool = no_tool.tool(request, start, start + 10s);
  CHECK(tool.setting == "ceilings.expert_ms");
  CHECK(tool.deadline.at() == start + 60s);  // from acceptance, as everywhere

  settings.expert = 0ms;
  const CeilingsCore only_daemon = core(settings);
  const BoundDeadline outer = only_daemon.tool(request, start, start);
  CHECK(outer.setting == "ceilings.daemon_ms");
  CHECK(outer.deadline.at() == start + 66'750ms);
  CHECK(only_daemon.raised(request, outer, start).deadline.at() == start + 66'750ms);
  settings.upload = 0ms;
  CHECK(core(settings).upload(outer, start).deadline.at() == start + 66'250ms);
}

TEST_CASE("ceilings: without an outermost ceiling 24 hours hold, and only if that is allowed", "[policy]") {
  CeilingSettings settings{0ms, 0ms, 0ms, 0ms, 0ms};
  DeadlineSettings deadlines;
  const auto refused = CeilingsCore::make(settings, deadlines, CeilingProfile::patient);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::invalid_config);
  CHECK(refused.error().message.find("ceilings_long.daemon_ms = 0") == 0);
  CHECK(refused.error().message.find("deadlines.allow_unbounded") != std::string::npos);

  deadlines.allow_unbounded = true;
  const CeilingsCore unbounded = core(settings, deadlines);
  const BoundDeadline request = unbounded.request(start, ClientWall::none);
  CHECK(request.deadline.at() == start + 24h);
  CHECK(unbounded.attempt(unbounded.tool(request, start, start), start).deadline.at() ==
        start + 24h - 1'250ms);
  CHECK(unbounded.request(start, ClientWall::applies).setting == "deadlines.client_wall_ms");
}

TEST_CASE("ceilings: an override replaces the general one, 0 switches it off, and its name outlives it",
          "[policy]") {
  const CeilingsCore ceilings = core();
  const BoundDeadline request = ceilings.request(start, ClientWall::none);
  BoundDeadline tool = request;
  {
    const CeilingOverride shorter("plugins.\"a_rather_long_plugin_name\".ceiling_ms", 5s);
    tool = ceilings.tool(request, start, start, &shorter);
  }
  CHECK(tool.deadline.at() == start + 5s);
  CHECK(tool.setting == "plugins.\"a_rather_long_plugin_name\".ceiling_ms");
  const CeilingOverride off("plugins.\"debug\".ceiling_ms", 0ms);
  CHECK(ceilings.tool(request, start, start, &off).setting == "ceilings.expert_ms");
  const CeilingOverride slow("providers.kimi.ceiling_ms", 40s);
  CHECK(ceilings.attempt(ceilings.tool(request, start, start), start, &slow).setting ==
        "providers.kimi.ceiling_ms");
}

TEST_CASE("ceilings: times that leave nothing are refused", "[policy]") {
  DeadlineSettings deadlines;
  deadlines.client_reserve = 60s;
  CHECK_FALSE(CeilingsCore::make({}, deadlines, CeilingProfile::normal).has_value());
  deadlines.client_reserve = 59'999ms;
  CHECK(CeilingsCore::make({}, deadlines, CeilingProfile::normal).has_value());

  CeilingSettings ceilings;
  ceilings.daemon = 750ms;
  CHECK_FALSE(CeilingsCore::make(ceilings, {}, CeilingProfile::normal).has_value());
  ceilings.daemon = 751ms;
  CHECK(CeilingsCore::make(ceilings, {}, CeilingProfile::normal).has_value());
  ceilings.tool = -1ms;
  CHECK(CeilingsCore::make(ceilings, {}, CeilingProfile::normal)
            .error()
            .message.find("ceilings.tool_ms = -1") == 0);
  deadlines.provider_reserve = -1ms;
  CHECK_FALSE(CeilingsCore::make({}, deadlines, CeilingProfile::normal).has_value());
}

TEST_CASE("ceilings: an expiry names its setting, value, reserve, elapsed time and attempts", "[policy]") {
  const CeilingsCore ceilings = core();
  const BoundDeadline request = ceilings.request(start, ClientWall::none);
  const BoundDeadline tool = ceilings.tool(request, start, start);
  const Error expired = deadline_error(tool, start, start + 45'003ms, 2);
  CHECK(expired.code == Errc::deadline);
  CHECK(expired.message == "deadline: ceilings.tool_ms = 45000 passed after 45003 ms, 2 attempts");
  CHECK(deadline_error(tool, start, start + 45s, 1).message ==
        "deadline: ceilings.tool_ms = 45000 passed after 45000 ms, 1 attempt");
  CHECK(deadline_error(ceilings.provider_call(tool), start, start + 44'500ms, 0).message ==
        "deadline: ceilings.tool_ms = 45000 less 500 ms reserve passed after 44500 ms");
}
