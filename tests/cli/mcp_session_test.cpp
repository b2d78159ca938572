#include "cli/mcp_session.hpp"

#include <map>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "virtual_loop.hpp"

using namespace toolpost;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

/// Takes every call and answers none, unless told to.
struct PatientHost final : ToolHost {
  RequestNumber call_tool(const ToolRequest& request, Done done, CallRunner::OnProgress progress) override {
    walls.push_back(request.wall);
    waiting.emplace(++last, std::pair{std::move(done), std::move(progress)});
    return last;
  }
  void cancel(RequestNumber number) override { cancelled += waiting.erase(number); }
  void leave(RequestNumber number) override { left += waiting.erase(number); }
  std::string describe(RequestNumber) const override { return "waiting for provider"; }
  CallOutcome so_far(RequestNumber) const override {
    CallOutcome outcome;
    outcome.turns = 2;
    outcome.use.attempts = 3;
    outcome.elapsed = std::chrono::milliseconds(1500);
    return outcome;
  }
  std::string why_no_tool(std::string_view name) override { return name == "slow" ? "" : "there is none"; }
  const Settings& settings() const override { return with; }

  void answer(RequestNumber number) {
    CallOutcome outcome;
    outcome.parts.push_back({"text/plain", "done"});
    auto node = waiting.extract(number);
    node.mapped().first(std::move(outcome), nullptr);
  }

  Settings with;
  std::map<RequestNumber, std::pair<Done, CallRunner::OnProgress>> waiting;
  std::vector<ClientWall> walls;
  std::size_t cancelled = 0;
  std::size_t left = 0;
  RequestNumber last = 0;
};

struct World {
  explicit World(const Settings& settings = {}) { host.with = settings; }

  void call(int id, const std::string& client, bool progress = true) {
    std::string line = R"({"jsonrpc":"2.0","id":)" + std::to_string(id) +
                       R"(,"method":"tools/call","params":{"name":"slow","arguments":{},"_meta":{)"
                       R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                       R"("io.modelcontextprotocol/clientCapabilities":{},)"
                       R"("io.modelcontextprotocol/clientInfo":{"name":")" +
                       client + R"(","version":"1"})" +
                       (progress ? R"(,"progressToken":)" + std::to_string(id) : "") + "}}}";
    const std::size_t size = line.size();
    line.append(64, ' ');
    session.on_line(std::string_view(line).substr(0, size));
  }
  void run_for(Duration length) {
    const TimePoint until = loop.now() + length;
    while (loop.step(until)) {
    }
  }
  /// What was written since the last time, a message each.
  std::vector<nlohmann::json> read() {
    std::vector<nlohmann::json> messages;
    for (std::size_t end; (end = out.find('\n')) != std::string::npos; out.erase(0, end + 1))
      messages.push_back(nlohmann::json::parse(out.substr(0, end)));
    return messages;
  }

  VirtualLoop loop;
  PatientHost host;
  std::string out;
  int ended = 0;
  McpSession session{
      loop, host, 1, R"([{"name":"slow","inputSchema":{"type":"object"}}])", out, [this] { ++ended; }};
};

}  // namespace

TEST_CASE("session: progress comes every deadlines.progress_interval_ms and always increases",
          "[cli][session]") {
  Settings settings;
  settings.deadlines.progress_interval = 3000ms;
  World world(settings);
  world.call(1, "any");
  world.run_for(2999ms);
  CHECK(world.read().empty());
  world.run_for(7001ms);
  const auto told = world.read();
  REQUIRE(told.size() == 3);  // after 3, 6 and 9 s
  double last = 0;
  for (const auto& message : told) {
    CHECK(message["method"] == "notifications/progress");
    CHECK(message["params"]["progress"] > last);
    last = message["params"]["progress"];
  }
  CHECK(told[0]["params"]["message"] == "waiting for provider (3 s)");
}

TEST_CASE("session: a call that asked for no progress hears none", "[cli][session]") {
  World world;
  world.call(1, "any", false);
  world.run_for(60s);
  CHECK(world.read().empty());
}

TEST_CASE("session: the wall spares clients of clients.reset_on_progress that asked for progress",
          "[cli][session]") {
  Settings settings;
  settings.clients_reset_on_progress = {"patient"};
  World world(settings);
  world.call(1, "patient");
  world.call(2, "patient", false);
  world.call(3, "hasty");
  CHECK(world.host.walls == std::vector{ClientWall::none, ClientWall::applies, ClientWall::applies});
}

TEST_CASE("session: what runs at the end is answered until deadlines.shutdown_drain_ms, then given up",
          "[cli][session]") {
  Settings settings;
  settings.deadlines.shutdown_drain = 5000ms;
  World world(settings);
  world.call(1, "any", false);
  world.call(2, "any", false);
  world.session.shut_down();
  world.run_for(1s);
  world.host.answer(1);
  CHECK(world.read().at(0)["id"] == 1);
  world.run_for(3799ms);  // 200 ms of the drain are kept for the last bytes
  CHECK(world.ended == 0);
  world.run_for(1ms);
  const auto last = world.read();
  REQUIRE(last.size() == 1);
  CHECK(last[0]["id"] == 2);
  CHECK(last[0]["result"]["isError"] == true);
  CHECK(last[0]["result"]["content"][0]["text"].get<std::string>().find(
            "deadlines.shutdown_drain_ms = 5000") != std::string::npos);
  const json use = last[0]["result"]["_meta"]["toolpost/call"];
  CHECK(use["elapsed_ms"] == 1500);
  CHECK(use["attempts"] == 3);
  CHECK(use["turns"] == 2);
  CHECK(world.host.left == 1);  // its journal stays, if it has one
  CHECK(world.host.cancelled == 0);
  CHECK(world.ended == 1);
  CHECK(world.loop.timers() == 0);
}

TEST_CASE("session: without calls it ends at once, and only once", "[cli][session]") {
  World world;
  world.session.shut_down();
  world.session.shut_down();
  CHECK(world.ended == 1);
  world.call(1, "late");
  CHECK(world.host.last == 0);
}
