// The same call while the first one runs: one answer serves both where the tool is idempotent.
#include <condition_variable>

#include "http_server.hpp"
#include "runtime_world.hpp"

using namespace toolpost;

namespace {

/// A server that counts requests, and answers none before it is told to.
struct PatientServer {
  std::atomic<int> asked{0};
  std::atomic<bool> open{false};
  HttpServer server{[this](ServerConnection& connection) {
    for (std::string request = connection.read_request(); !request.empty();
         request = connection.read_request()) {
      ++asked;
      asked.notify_all();
      open.wait(false);
      connection.answer("{}", "Content-Type: application/json\r\n");
    }
  }};

  void answer_all() {
    open = true;
    open.notify_all();
  }
  ~PatientServer() { answer_all(); }
};

struct World {
  PatientServer upstream;
  RuntimeWorld runtime;
  std::vector<CallOutcome> heard;

  explicit World(const std::string& tool = "asking_idempotent", bool attach_repeats = true)
      : runtime({"tests/plugins/" + tool + ".so"}, settings("test." + tool, attach_repeats)), tool_(tool) {}

  RequestNumber call(const std::string& nonce = "1", OwnerId owner = 1) {
    const std::string arguments =
        R"({"kind":"http","request":{"method":"GET","url":")" + origin() + R"(/"},"nonce":)" + nonce + "}";
    ToolRequest request;
    request.owner = owner;
    request.tool = tool_;
    request.arguments_json = arguments;
    return runtime.runtime->call_tool(request,
                                      [this](CallOutcome outcome, const Journal*) {
                                        heard.push_back(std::move(outcome));
                                        if (heard.size() == expected_) runtime.loop.stop();
                                      },
                                      {});
  }
  /// Lets the server answer once it was asked so often, and waits for so many outcomes.
  void settle(int asked, std::size_t outcomes) {
    expected_ = outcomes;
    std::thread([this, asked] {
      for (int seen = upstream.asked; seen < asked; seen = upstream.asked) upstream.asked.wait(seen);
      upstream.answer_all();
    }).detach();
    runtime.loop.run();
    REQUIRE(heard.size() == outcomes);
    for (const CallOutcome& outcome : heard) CHECK(outcome.code == Errc::ok);
  }

 private:
  std::string origin() const { return "http://127.0.0.1:" + std::to_string(upstream.server.port()); }
  Settings settings(const std::string& id, bool attach_repeats) const {
    Settings settings;
    settings.plugins[id].grant = {"http"};
    settings.plugins[id].http_origins = {origin()};
    settings.admission.attach_repeats = attach_repeats;
    return settings;
  }

  const std::string tool_;
  std::size_t expected_ = 0;
};

}  // namespace

TEST_CASE("repeated call: it attaches to the one that runs, and both hear the answer", "[runtime][repeat]") {
  World world;
  const RequestNumber first = world.call();
  const RequestNumber second = world.call();
  CHECK(first != second);
  CHECK(world.runtime.runtime->describe(second).find("shared with 1 that asked for the same") !=
        std::string::npos);
  world.settle(1, 2);
  CHECK(world.upstream.asked == 1);
  CHECK(world.heard[0].parts.at(0).bytes == world.heard[1].parts.at(0).bytes);
  world.call();  // nothing runs any more: it is asked anew
  world.settle(2, 3);
  CHECK(world.upstream.asked == 2);
}

TEST_CASE("repeated call: other arguments, and another owner, ask for themselves", "[runtime][repeat]") {
  World world;
  world.call("1");
  world.call("2");
  world.call("1", 2);
  world.settle(3, 3);
  CHECK(world.upstream.asked == 3);
}

TEST_CASE("repeated call: a tool that is not idempotent runs each time", "[runtime][repeat]") {
  World world("asking");
  world.call();
  world.call();
  world.settle(2, 2);
  CHECK(world.upstream.asked == 2);
}

TEST_CASE("settings: admission.attach_repeats off runs each call", "[runtime][repeat][settings]") {
  World world("asking_idempotent", false);
  world.call();
  world.call();
  world.settle(2, 2);
  CHECK(world.upstream.asked == 2);
}

TEST_CASE("repeated call: whoever cancels takes nothing from the others", "[runtime][repeat]") {
  World world;
  const RequestNumber first = world.call();
  world.call();
  world.runtime.runtime->cancel(first);
  world.settle(1, 1);
  CHECK(world.upstream.asked == 1);
}

TEST_CASE("repeated call: when all have cancelled, the call ends", "[runtime][repeat]") {
  World world;
  const RequestNumber first = world.call();
  const RequestNumber second = world.call();
  CHECK(world.runtime.runtime->unanswered() == 1);
  world.runtime.runtime->cancel(first);
  CHECK(world.runtime.runtime->unanswered() == 1);
  world.runtime.runtime->cancel(second);
  CHECK(world.runtime.runtime->unanswered() == 0);
  CHECK(world.heard.empty());
}
