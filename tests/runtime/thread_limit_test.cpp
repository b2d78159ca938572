// A thread that is full: the answer that was paid for still reaches its caller.
#include "model_server.hpp"
#include "runtime_world.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

Settings chatting(const ModelServer& model) {
  Settings settings;
  settings.plugins["dev.toolpost.chat"].grant = {"provider", "thread.read", "thread.append"};
  settings.providers["local"] = model.settings();
  return settings;
}

json ask(RuntimeWorld& world, const std::string& thread = "") {
  json request = {{"prompt", "hello"}, {"use_websearch", false}};
  if (!thread.empty()) request["continuation_id"] = thread;
  const CallOutcome& outcome = world.call("chat", request.dump());
  INFO(outcome.message);
  REQUIRE(outcome.code == Errc::ok);
  return world.reply("chat");
}

}  // namespace

TEST_CASE("thread limit: at store.thread_turns_max the answer comes, and says that it is not remembered",
          "[runtime][store]") {
  const ModelServer model;
  Settings settings = chatting(model);
  settings.store.thread_turns_max = 2;
  RuntimeWorld world({"lib/toolpost/plugins/chat.so", "lib/toolpost/plugins/openai.so"}, settings);
  const json first = ask(world)["continuation_offer"];
  CHECK(first["remaining_turns"] == 1);  // of the operator's two
  const std::string thread = first["continuation_id"];
  const json second = ask(world, thread);
  CHECK(second["status"] == "continuation_available");
  CHECK(second["continuation_offer"]["remaining_turns"] == 0);
  const json full = ask(world, thread);
  CHECK(full["status"] == "success");
  CHECK_FALSE(full["content"].get<std::string>().empty());
  CHECK(full["metadata"]["not_remembered"].get<std::string>().find("store.thread_turns_max = 2") !=
        std::string::npos);
  CHECK(model.asked == 3);
}

TEST_CASE("thread limit: a turn that is larger than a thread may be is told, and the answer stays",
          "[runtime][store]") {
  const ModelServer model;
  Settings settings = chatting(model);
  settings.store.thread_bytes_max = 4096;
  RuntimeWorld world({"lib/toolpost/plugins/chat.so", "lib/toolpost/plugins/openai.so"}, settings);
  const CallOutcome& outcome =
      world.call("chat", json{{"prompt", std::string(5000, 'x')}, {"use_websearch", false}}.dump());
  REQUIRE(outcome.code == Errc::ok);
  CHECK(world.reply("chat")["metadata"]["not_remembered"].get<std::string>().find(
            "store.thread_bytes_max = 4096") != std::string::npos);
}
