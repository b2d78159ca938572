// What the host remembers of calls that ended: whose, how many, and no more than that.
#include "runtime/recent_calls.hpp"

#include "runtime_world.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

EndedCall ended(OwnerId owner, const std::string& tool) {
  EndedCall call;
  call.owner = owner;
  call.tool = tool;
  return call;
}

std::string tools_of(const json& calls) {
  std::string names;
  for (const json& call : calls) names += call["tool"].get<std::string>();
  return names;
}

const std::vector<std::string> kTools = {"lib/toolpost/plugins/toolcall_log.so",
                                         "lib/toolpost/plugins/echo.so", "tests/plugins/faulty.so"};

Settings log_settings() {
  Settings settings;
  settings.plugins["dev.toolpost.toolcall_log"].grant = {"host.status"};
  return settings;
}

}  // namespace

TEST_CASE("recent calls: as many as are kept, the oldest goes first", "[runtime]") {
  RecentCalls calls(2);
  for (const char* tool : {"a", "b"}) calls.add(ended(1, tool));
  CHECK(tools_of(calls.of(1, 10)) == "ab");
  calls.add(ended(1, "c"));
  CHECK(tools_of(calls.of(1, 10)) == "bc");
  CHECK(tools_of(calls.of(1, 2)) == "bc");
  CHECK(tools_of(calls.of(1, 1)) == "c");
  CHECK(tools_of(calls.of(1, 0)).empty());
  calls.keep(1);
  CHECK(tools_of(calls.of(1, 10)) == "c");
  calls.keep(0);
  calls.add(ended(1, "d"));
  CHECK(calls.of(1, 10).empty());
}

TEST_CASE("recent calls: an owner hears of its own only", "[runtime]") {
  RecentCalls calls(10);
  calls.add(ended(1, "a"));
  calls.add(ended(2, "b"));
  calls.add(ended(1, "c"));
  CHECK(tools_of(calls.of(1, 10)) == "ac");
  CHECK(tools_of(calls.of(2, 10)) == "b");
  CHECK(calls.of(3, 10).empty());
}

TEST_CASE(
    "recent calls: a call is noted once, as cancelled if nobody ends it, and not after the list is gone",
    "[runtime]") {
  EventLoop loop;
  auto calls = std::make_shared<RecentCalls>(10);
  {
    NotedCall call(calls, loop, 1, "a");
    CallOutcome outcome;
    outcome.code = Errc::hung;
    call.end(outcome);
    call.end({});
  }
  {
    const NotedCall dropped(calls, loop, 1, "b");
  }
  const json noted = calls->of(1, 10);
  CHECK(tools_of(noted) == "ab");
  CHECK(noted[0]["outcome"] == "hung");
  CHECK(noted[1]["outcome"] == "cancelled");
  NotedCall late(calls, loop, 1, "c");
  calls.reset();
  late.end({});
}

TEST_CASE("toolcall_log_tail: what ended, how and for whom, without what was asked", "[runtime]") {
  RuntimeWorld world(kTools, log_settings());
  world.call("echo", R"({"text":"canary"})");
  world.call("echo", R"({"text":7})");
  world.start("echo", R"({"text":"of another"})", 2);
  world.settle();
  world.call("no_such_tool");
  world.call("toolcall_log_tail", R"({"n":200})");
  const json reply = world.reply("toolcall_log_tail");
  CHECK(reply["status"] == "ok");
  REQUIRE(reply["count"] == 3);
  const json& events = reply["events"];
  CHECK(tools_of(events) == "echoechoother");
  CHECK(events[0]["outcome"] == "ok");
  CHECK(events[0]["turns"] == 1);
  CHECK(events[1]["outcome"] == "invalid_input");
  CHECK(events[2]["outcome"] == "not_found");
  CHECK(reply.dump().find("canary") == std::string::npos);
  world.start("toolcall_log_tail", "{}", 2);
  world.settle();
  CHECK(tools_of(world.reply("toolcall_log_tail")["events"]) == "echo");
  world.call("toolcall_log_tail", R"({"n":1})");  // the first tail is a call like others
  CHECK(tools_of(world.reply("toolcall_log_tail")["events"]) == "toolcall_log_tail");
}

TEST_CASE("toolcall_log_tail: a call that its client gave up is there as cancelled", "[runtime]") {
  RuntimeWorld world(kTools, log_settings());
  ToolRequest request;
  request.tool = "sleeps";
  request.arguments_json = R"({"ms":60000})";
  const RequestNumber number =
      world.runtime->call_tool(request, [](const CallOutcome&, const Journal*) {}, {});
  world.runtime->cancel(number);
  world.call("toolcall_log_tail");
  const json events = world.reply("toolcall_log_tail")["events"];
  REQUIRE(events.size() == 1);
  CHECK(events[0]["tool"] == "sleeps");
  CHECK(events[0]["outcome"] == "cancelled");
}

TEST_CASE("settings: log.recent_calls_max bounds what is remembered, and 0 forgets all",
          "[runtime][settings]") {
  Settings settings = log_settings();
  settings.log.recent_calls_max = 1;
  {
    RuntimeWorld world(kTools, settings);
    for (int i = 0; i < 2; ++i) world.call("echo", R"({"text":"x"})");
    world.call("toolcall_log_tail");
    CHECK(world.reply("toolcall_log_tail")["count"] == 1);
  }
  settings.log.recent_calls_max = 0;
  RuntimeWorld world(kTools, settings);
  world.call("echo", R"({"text":"x"})");
  world.call("toolcall_log_tail");
  const json reply = world.reply("toolcall_log_tail");
  CHECK(reply["status"] == "disabled");
  CHECK(reply["count"] == 0);
  CHECK(reply["metadata"]["reason"].get<std::string>().find("log.recent_calls_max = 0") != std::string::npos);
}
