// Settings whose effect shows only in a whole call; the others are tested beside the code that obeys them.
#include "model_server.hpp"
#include "runtime_world.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {

const std::vector<std::string> kChat = {"lib/toolpost/plugins/chat.so", "lib/toolpost/plugins/openai.so"};

Settings chat_with(const ModelServer& model) {
  Settings settings;
  settings.plugins["dev.toolpost.chat"].grant = {"provider"};
  settings.providers["local"] = model.settings();
  return settings;
}

}  // namespace

TEST_CASE("settings: models are asked to answer in host.locale, and en asks for nothing",
          "[runtime][settings]") {
  ModelServer model;
  Settings settings = chat_with(model);
  {
    RuntimeWorld world(kChat, settings);
    REQUIRE(world.call("chat", R"({"prompt":"hello"})").code == Errc::ok);
    CHECK(model.last_request.find("locale") == std::string::npos);
  }
  settings.locale = "de-AT";
  RuntimeWorld world(kChat, settings);
  REQUIRE(world.call("chat", R"({"prompt":"hello"})").code == Errc::ok);
  CHECK(model.last_request.find("in the language of the locale de-AT") != std::string::npos);
}

TEST_CASE("settings: auto asks host.default_provider, or the first one", "[runtime][settings]") {
  ModelServer first;
  ModelServer second;
  Settings settings = chat_with(first);
  settings.providers["spare"] = second.settings();
  {
    RuntimeWorld world(kChat, settings);
    REQUIRE(world.call("chat", R"({"prompt":"hello"})").code == Errc::ok);
    CHECK(first.asked == 1);
  }
  settings.default_provider = "spare";
  RuntimeWorld world(kChat, settings);
  REQUIRE(world.call("chat", R"({"prompt":"hello"})").code == Errc::ok);
  CHECK(first.asked == 1);
  CHECK(second.asked == 1);
}

TEST_CASE("settings: host.sanitize_invisible strips what people cannot see, or leaves it",
          "[runtime][settings]") {
  const std::string hidden =
      "{\"text\":\"in\xE2\x80\x8B"
      "visible\"}";  // U+200B
  Settings settings;
  {
    RuntimeWorld world({"lib/toolpost/plugins/echo.so"}, settings);
    REQUIRE(world.call("echo", hidden).code == Errc::ok);
    CHECK(world.outcomes.at("echo").parts.at(0).bytes.find("\xE2\x80\x8B") == std::string::npos);
  }
  settings.sanitize_invisible = false;
  RuntimeWorld world({"lib/toolpost/plugins/echo.so"}, settings);
  REQUIRE(world.call("echo", hidden).code == Errc::ok);
  CHECK(world.outcomes.at("echo").parts.at(0).bytes.find("\xE2\x80\x8B") != std::string::npos);
}

TEST_CASE("settings: deadlines.tool_reserve_ms is kept back from the request for the answer",
          "[runtime][settings]") {
  Settings settings;
  settings.ceilings = {Millis{100}, Millis{0}, Millis{0}, Millis{600}, Millis{0}};
  settings.deadlines.tool_reserve = 200ms;
  RuntimeWorld world({"tests/plugins/faulty.so"}, settings);
  const CallOutcome& outcome = world.call("sleeps", R"({"ms":60000})");
  CHECK(outcome.code == Errc::deadline);
  CHECK(outcome.message.find("ceilings.daemon_ms = 600") != std::string::npos);
  CHECK(world.journals.at("sleeps").header().deadline_ms == 400);
}

TEST_CASE("settings: of what a plugin prints, workers.stdio_bytes_max reaches the log",
          "[runtime][settings]") {
  const auto logged = [](std::uint64_t most) {
    Settings settings;
    settings.workers.stdio_bytes_max = most;
    RuntimeWorld world({"tests/plugins/faulty.so"}, settings);
    std::size_t bytes = 0;
    world.runtime->on_event = [&bytes](Level, std::string_view event, const std::string& detail) {
      if (event == "plugin_output") bytes += detail.size();
    };
    REQUIRE(world.call("chatters").code == Errc::ok);
    REQUIRE(world.call("sleeps", R"({"ms":50})").code == Errc::ok);  // the pipe is read meanwhile
    return bytes;
  };
  CHECK(logged(0) == 0);
  CHECK(logged(8192) >= 8192);
  CHECK(logged(8192) < 8192 + 4096 + 1024);  // what one read brings, and the plugin's name in front
  CHECK(logged(1 << 20) > 60'000);
}

TEST_CASE("settings: providers.NAME.queue_size_max attempts wait for the provider, a further one is refused",
          "[runtime][settings]") {
  ModelServer model;
  Settings settings = chat_with(model);
  settings.plugins["test.asking"].grant = {"provider"};
  settings.providers["local"].concurrency_max = 1;
  settings.retry.attempts_max = 1;
  std::vector<std::string> plugins = kChat;
  plugins.emplace_back("tests/plugins/asking.so");
  const auto ask_both = [&](std::uint32_t waiting) {
    settings.providers["local"].queue_size_max = waiting;
    RuntimeWorld world(plugins, settings);
    world.start(
        "asking",
        R"({"kind":"provider","request":{"method":"chat","model":"auto","messages":[{"role":"user","content":"hello"}]}})");
    world.start("chat", R"({"prompt":"hello"})");
    world.settle();
    return world.reply("asking").dump() + world.outcomes.at("chat").message;
  };
  CHECK(ask_both(1).find("queue_size_max") == std::string::npos);
  CHECK(model.asked == 2);
  CHECK(ask_both(0).find("providers.local.queue_size_max = 0 attempts wait") != std::string::npos);
  CHECK(model.asked == 3);
}

TEST_CASE("settings: a worker may have workers.files_max descriptors and write workers.file_bytes_max",
          "[runtime][settings]") {
  Settings settings;
  settings.workers.files_max = 77;
  settings.workers.file_bytes_max = 123'456;
  RuntimeWorld world({"tests/plugins/faulty.so"}, settings);
  REQUIRE(world.call("tells_limits").code == Errc::ok);
  CHECK(world.reply("tells_limits")["files"] == 77);
  CHECK(world.reply("tells_limits")["file_bytes"] == 123'456);
}
