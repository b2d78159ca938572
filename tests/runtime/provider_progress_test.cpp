#include "model_server.hpp"
#include "runtime_world.hpp"

using namespace toolpost;

TEST_CASE("provider: content of a streamed answer becomes progress of the call that asked",
          "[runtime][provider]") {
  ModelServer model;
  Settings settings;
  settings.plugins["dev.toolpost.chat"].grant = {"provider"};
  settings.providers["local"] = model.settings();
  RuntimeWorld world({"lib/toolpost/plugins/chat.so", "lib/toolpost/plugins/openai.so"}, settings);
  std::string said;
  std::optional<CallOutcome> answered;
  ToolRequest request;
  request.tool = "chat";
  request.arguments_json = R"({"prompt":"hello"})";
  world.runtime->call_tool(
      request,
      [&](CallOutcome outcome, const Journal*) {
        answered = std::move(outcome);
        world.loop.stop();
      },
      [&](const CallProgress& progress) { said = progress.message; });
  world.loop.run();
  REQUIRE(answered);
  CHECK(answered->code == Errc::ok);
  CHECK(answered->use.attempts == 1);
  CHECK(said.find("the model is answering") != std::string::npos);
}
