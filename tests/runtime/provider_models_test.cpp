// Which model a provider call reaches, as the host decides it: keys, lists, preferences, fallbacks, cost.
#include <atomic>
#include <cstring>
#include <fstream>

#include "http_server.hpp"
#include "runtime_world.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

/// A server that lists its models and answers chats; or refuses every chat.
struct ModelHost {
  std::string list = R"({"data":[{"id":"listed-model"}]})";
  std::string chat = R"({"model":"m","choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],)"
                     R"("usage":{"prompt_tokens":1000000,"completion_tokens":100000}})";
  bool refuses = false;
  std::atomic<int> lists{0};
  std::atomic<int> chats{0};
  std::string last_chat;  // read it once a call that asked is answered
  HttpServer server{[this](ServerConnection& connection) {
    for (std::string request = connection.read_request(); !request.empty();
         request = connection.read_request()) {
      const std::string type = "Content-Type: application/json\r\n";
      if (request.starts_with("GET")) {
        ++lists;
        connection.answer(list, type);
        continue;
      }
      last_chat = request;
      ++chats;
      if (refuses)
        connection.send("HTTP/1.1 500 Broken\r\n" + type + "Content-Length: 2\r\n\r\n{}");
      else
        connection.answer(chat, type);
    }
  }};

  ProviderSettings settings(std::vector<std::string> models = {"m"}) const {
    ProviderSettings provider;
    provider.base_url = "http://127.0.0.1:" + std::to_string(server.port()) + "/v1";
    provider.models = std::move(models);
    provider.attempts_max = 1;
    provider.config_json = R"({"stream":false})";
    return provider;
  }
};

const std::vector<std::string> kPlugins = {"tests/plugins/asking.so", "lib/toolpost/plugins/openai.so",
                                           "lib/toolpost/plugins/anthropic.so"};

Settings granted() {
  Settings settings;
  settings.plugins["test.asking"].grant = {"provider"};
  return settings;
}

/// What the provider effect answered; {"status", "message"} when it failed.
json ask(RuntimeWorld& world, json request = json::object()) {
  request["method"] = "chat";
  request["messages"] = {{{"role", "user"}, {"content", "why?"}}};
  REQUIRE(world.call("asking", json{{"kind", "provider"}, {"request", request}}.dump()).code == Errc::ok);
  const json reply = world.reply("asking");
  return reply.contains("result") ? reply["result"] : reply;
}

const char* no_environment_but_key(const char* name) {
  return std::strcmp(name, "TEST_KEY") == 0 ? "k-1234567890" : nullptr;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("key: the header is the plugin's own, or what providers.NAME.key_header says",
          "[runtime][provider]") {
  ModelHost server;
  Settings settings = granted();
  settings.providers["own"] = server.settings();
  settings.providers["own"].key = SecretSource{"TEST_KEY", ""};
  settings.providers["azure"] = settings.providers["own"];
  settings.providers["azure"].key_header = "api-key";
  settings.providers["named"] = settings.providers["own"];
  settings.providers["named"].key_header = "X-Auth";
  settings.providers["named"].key_prefix = "Token ";
  settings.providers["claude"] = settings.providers["own"];
  settings.providers["claude"].plugin = "dev.toolpost.anthropic";
  RuntimeWorld world(kPlugins, settings, {}, RuntimeWorld::kWorkerProgram, no_environment_but_key);
  const auto sent = [&](const char* model) {
    ask(world, {{"model", model}});
    return server.last_chat;
  };
  CHECK(has(sent("own/m"), "Authorization: Bearer k-1234567890\r\n"));
  const std::string azure = sent("azure/m");
  CHECK(has(azure, "api-key: k-1234567890\r\n"));
  CHECK_FALSE(has(azure, "Authorization"));
  CHECK(has(sent("named/m"), "X-Auth: Token k-1234567890\r\n"));
  const std::string claude = sent("claude/m");
  CHECK(has(claude, "x-api-key: k-1234567890\r\n"));
  CHECK_FALSE(has(claude, "Authorization"));
}

TEST_CASE("lists: a server whose models are not configured is asked once, and its list kept",
          "[runtime][provider]") {
  ModelHost server;
  Settings settings = granted();
  settings.providers["own"] = server.settings({});
  RuntimeWorld world(kPlugins, settings);
  const json reply = ask(world);
  CHECK(reply["text"] == "hi");
  CHECK(has(server.last_chat, R"("model":"listed-model")"));
  CHECK(has(reply["why"], "auto chose own/listed-model"));
  ask(world);
  CHECK(server.lists == 1);
  CHECK(server.chats == 2);
  const json unknown = ask(world, {{"model", "listed-modle"}});
  CHECK(has(unknown["message"], "did you mean \"listed-model\"?"));
  ask(world, {{"model", "own/anything"}});  // NAME/model passes through
  CHECK(server.chats == 3);
}

TEST_CASE("lists: what a server listed before holds while it lists nothing any more", "[runtime][provider]") {
  ModelHost server;
  Settings settings = granted();
  settings.providers["own"] = server.settings({});
  settings.models.list_ttl = Millis{1};
  RuntimeWorld world(kPlugins, settings);
  CHECK(ask(world)["text"] == "hi");
  server.list = "no JSON";
  CHECK(ask(world)["text"] == "hi");
  CHECK(ask(world)["text"] == "hi");
  CHECK(has(server.last_chat, R"("model":"listed-model")"));
}

TEST_CASE("lists: the effect models asks servers for theirs too", "[runtime][provider]") {
  ModelHost server;
  Settings settings = granted();
  settings.plugins["test.asking"].grant = {"models"};
  settings.providers["own"] = server.settings({});
  RuntimeWorld world(kPlugins, settings);
  for (int i = 0; i < 2; ++i) {
    REQUIRE(world.call("asking", R"({"kind":"models","request":{}})").code == Errc::ok);
    CHECK(world.reply("asking")["result"]["providers"][0]["models"] == json{"listed-model"});
  }
  CHECK(server.lists == 1);
}

TEST_CASE("lists: names that are no text for a terminal are left out", "[runtime][provider]") {
  ModelHost server;
  server.list = R"({"data":[{"id":"bell\u0007"},{"id":""},{"id":"fine"}]})";
  Settings settings = granted();
  settings.providers["own"] = server.settings({});
  RuntimeWorld world(kPlugins, settings);
  ask(world);
  CHECK(json::parse(world.runtime->status_json(true))["providers"][0]["models"] == json{"fine"});
}

TEST_CASE("lists: models.list_ttl_ms = 0 never asks, and a broken list is told", "[runtime][provider]") {
  ModelHost server;
  Settings settings = granted();
  settings.providers["own"] = server.settings({});
  settings.models.list_ttl = Millis{0};
  {
    RuntimeWorld world(kPlugins, settings);
    CHECK(has(ask(world)["message"], "set providers.own.models"));
    CHECK(server.lists == 0);
    CHECK(ask(world, {{"model", "any-name"}})["text"] == "hi");  // it takes any name
  }
  server.list = "[]";
  settings.models.list_ttl = Millis{60'000};
  RuntimeWorld world(kPlugins, settings);
  CHECK(has(ask(world)["message"], "set providers.own.models"));
  CHECK(server.lists == 1);
}

TEST_CASE("fallback: auto asks further models when one fails, at most models.fallbacks_max",
          "[runtime][provider]") {
  ModelHost broken;
  broken.refuses = true;
  ModelHost good;
  Settings settings = granted();
  settings.providers["a"] = broken.settings();
  settings.providers["b"] = broken.settings({"n"});
  settings.providers["c"] = good.settings({"o"});
  const auto reply = [&] {
    RuntimeWorld world(kPlugins, settings);
    return ask(world);
  };
  CHECK(has(reply()["message"], "b (n)"));  // one further model, and that failed as well
  settings.models.fallbacks_max = 0;
  CHECK(has(reply()["message"], "a (m)"));
  settings.models.fallbacks_max = 2;
  json answered = reply();
  CHECK(answered["text"] == "hi");
  CHECK(answered["provider"] == "c");
  CHECK(answered["attempts"] == 3);
  REQUIRE(answered["fallback_from"].size() == 2);
  CHECK(has(answered["fallback_from"][0], "a/m: "));
  settings.models.fallbacks_max = 1;
  settings.models.fallback = {"c"};
  answered = reply();
  CHECK(answered["provider"] == "c");
  CHECK(answered["attempts"] == 2);
  // A named model has no fallback: who names one wants that one.
  RuntimeWorld world(kPlugins, settings);
  CHECK(has(ask(world, {{"model", "m"}})["message"], "a (m)"));
}

TEST_CASE("policy: models.local_only keeps calls on this machine", "[runtime][provider]") {
  ModelHost server;
  Settings settings = granted();
  settings.models.local_only = true;
  settings.providers["far"].base_url = "https://models.example/v1";
  settings.providers["far"].models = {"m"};
  settings.providers["near"] = server.settings({"n"});
  RuntimeWorld world(kPlugins, settings);
  CHECK(ask(world)["provider"] == "near");
  CHECK(has(ask(world, {{"model", "m"}})["message"], "models.local_only"));
  CHECK(has(ask(world, {{"model", "far/m"}})["message"], "models.local_only"));
  CHECK(server.chats == 1);
  const json providers = json::parse(world.runtime->status_json(true))["providers"];
  CHECK(providers[0]["models"].empty());
  CHECK(has(providers[0]["forbidden"]["m"], "models.local_only"));
  CHECK(providers[1]["models"] == json{"n"});
}

TEST_CASE("policy: a machine whose name begins like a local address is not local", "[runtime][provider]") {
  Settings settings = granted();
  settings.models.local_only = true;
  settings.providers["far"].base_url = "http://127.0.0.1.models.example/v1";
  settings.providers["far"].models = {"m"};
  RuntimeWorld world(kPlugins, settings);
  CHECK(has(ask(world)["message"], "models.local_only"));
}

TEST_CASE("policy: models_allowed holds for auto, for names and for fallbacks", "[runtime][provider]") {
  ModelHost broken;
  broken.refuses = true;
  ModelHost forbidden;
  Settings settings = granted();
  settings.providers["a"] = broken.settings({"m"});
  settings.providers["b"] = forbidden.settings({"n", "o"});
  settings.providers["b"].models_allowed = {"other"};
  settings.models.fallback = {"b/n"};
  settings.models.fallbacks_max = 8;
  RuntimeWorld world(kPlugins, settings);
  CHECK(has(ask(world)["message"], "a (m)"));
  for (const char* model : {"n", "b/n", "b/o"})
    CHECK(has(ask(world, {{"model", model}})["message"], "providers.b.models_allowed"));
  CHECK(forbidden.chats == 0);
}

TEST_CASE("cost: what a server says it charges counts, and is told apart", "[runtime][provider]") {
  ModelHost server;
  server.chat = R"({"model":"m","choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],)"
                R"("usage":{"prompt_tokens":1000,"completion_tokens":10,"cost":0.1}})";
  Settings settings = granted();
  settings.providers["own"] = server.settings({"m"});
  RuntimeWorld world(kPlugins, settings);
  const json reply = ask(world);
  CHECK(reply["cost"] == json{{"amount", 0.1}, {"source", "provider"}});
  CHECK_FALSE(reply["usage"].contains("cost"));
  CHECK(world.outcomes.at("asking").use.cost == MoneyByCurrency{{"unspecified", 0.1}});
}

TEST_CASE("models: with \"choose\" it says whom a chat would ask, and how long that context is",
          "[runtime][provider]") {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / ("toolpost_choose_" + std::to_string(getpid()));
  fs::create_directories(folder);
  std::ofstream(folder / "own.toml") << "schema = 1\nplugin = \"openai\"\n[[model]]\nname = \"m\"\naliases = "
                                        "[\"em\"]\ncontext_tokens = 8_000\n";
  ModelHost server;
  Settings settings = granted();
  settings.plugins["test.asking"].grant.push_back("models");
  settings.models.catalog_folders = {folder.string()};
  settings.providers["own"] = server.settings({"m", "unknown"});
  RuntimeWorld world(kPlugins, settings);
  fs::remove_all(folder);
  const auto choose = [&](const json& wish) {
    const json effect = {{"kind", "models"}, {"request", {{"choose", wish}}}};
    REQUIRE(world.call("asking", effect.dump()).code == Errc::ok);
    const json reply = world.reply("asking");
    return reply.contains("result") ? reply["result"]["choice"] : reply;
  };
  const json chosen = choose({{"model", "em"}});
  CHECK(chosen["provider"] == "own");
  CHECK(chosen["model"] == "m");
  CHECK(chosen["context_tokens"] == 8'000);
  CHECK_FALSE(choose({{"model", "unknown"}}).contains("context_tokens"));
  CHECK(choose({{"model", "auto"}, {"role", "expert"}})["model"] == "m");
  CHECK(has(choose({{"model", "emm"}})["message"], "em"));
  CHECK(server.chats == 0);
}

TEST_CASE("catalogue: models.catalog_folders tells what a model takes and costs", "[runtime][provider]") {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / ("toolpost_models_" + std::to_string(getpid()));
  fs::create_directories(folder);
  std::ofstream(folder / "own.toml") << R"(
schema = 1
plugin = "openai"
currency = "EUR"
[[model]]
name = "m"
aliases = ["em"]
output_tokens_max = 500
abilities = ["json"]
temperature = { min = 0.0, max = 1.0 }
price = { input = 2.0, output = 10.0 }
[[model]]
name = "fixed"
temperature = { accepted = false }
)";
  ModelHost server;
  Settings settings = granted();
  settings.models.catalog_folders = {folder.string()};
  settings.providers["own"] = server.settings({"m", "fixed"});
  RuntimeWorld world(kPlugins, settings);
  fs::remove_all(folder);
  const json reply = ask(world, {{"model", "em"},
                                 {"temperature", 1.5},
                                 {"output_tokens_max", 900},
                                 {"thinking", "high"},
                                 {"web_search", true}});
  CHECK(reply["cost"] == json{{"amount", 3.0}, {"currency", "EUR"}, {"source", "catalogue"}});
  CHECK(world.outcomes.at("asking").use.cost == MoneyByCurrency{{"EUR", 3.0}});
  CHECK(has(server.last_chat, R"("model":"m")"));
  CHECK(has(server.last_chat, R"("temperature":1.0)"));
  CHECK(has(server.last_chat, R"("max_tokens":500)"));
  CHECK(reply["notes"].size() == 3);  // thinking, web search, temperature
  ask(world, {{"model", "fixed"}, {"temperature", 1.5}});
  CHECK_FALSE(has(server.last_chat, "temperature"));
  const json images = ask(world, {{"model", "m"}, {"tools", {{{"name", "f"}}}}});
  CHECK(has(images["message"], "has no tools"));
}

TEST_CASE("provider: a request may name the provider, and an unknown one gets a suggestion",
          "[runtime][provider]") {
  ModelHost server;
  Settings settings = granted();
  settings.providers["first"] = server.settings({"m"});
  settings.providers["second"] = server.settings({"n"});
  RuntimeWorld world(kPlugins, settings);
  CHECK(ask(world, {{"provider", "second"}})["provider"] == "second");
  CHECK(has(ask(world, {{"provider", "secnd"}})["message"], "did you mean \"second\"?"));
}

TEST_CASE("locale: models are asked to answer in it by a system message", "[runtime][provider]") {
  ModelHost server;
  Settings settings = granted();
  settings.locale = "fr-FR";
  settings.providers["own"] = server.settings();
  RuntimeWorld world(kPlugins, settings);
  CHECK(ask(world)["text"] == "hi");
  CHECK(
      has(server.last_chat, R"({"content":"Answer in the language of the locale fr-FR.","role":"system"})"));
}
