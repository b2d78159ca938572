#include "http_server.hpp"
#include "runtime_world.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {

/// A server that takes every request and never answers, and a provider that waits for it.
struct SilentProvider {
  HttpServer server{[](ServerConnection& connection) {
    connection.read_request();
    connection.wait_closed();
  }};

  Settings settings() const {
    Settings settings;
    settings.plugins["test.asking"].grant = {"provider"};
    ProviderSettings provider;
    provider.plugin = "test.transfer";
    provider.base_url = "http://127.0.0.1:" + std::to_string(server.port());
    provider.models = {"m"};
    provider.attempts_max = 1;
    settings.providers["silent"] = provider;
    settings.ceilings = {300ms, 5000ms, 6000ms, 7000ms, 900ms};
    settings.ceilings_long = {1500ms, 5000ms, 6000ms, 7000ms, 1500ms};
    return settings;
  }
};

const std::vector<std::string> kPlugins = {"tests/plugins/asking.so", "tests/plugins/transfer.so"};

std::string asked(RuntimeWorld& world, const std::string& method,
                  CeilingProfile profile = CeilingProfile::normal) {
  world.profile = profile;
  REQUIRE(world.call("asking", R"({"kind":"provider","request":{"method":")" + method + "\"}}").code ==
          Errc::ok);
  return world.reply("asking").value("message", "");
}

}  // namespace

TEST_CASE("ceilings: a provider's file transfer is bounded by ceilings.upload_ms, a chat by provider_ms",
          "[runtime][ceilings]") {
  SilentProvider provider;
  RuntimeWorld world(kPlugins, provider.settings());
  CHECK(asked(world, "chat").find("ceilings.provider_ms = 300") != std::string::npos);
  CHECK(asked(world, "upload").find("ceilings.upload_ms = 900") != std::string::npos);
}

TEST_CASE("ceilings: a patient call waits as long as [ceilings_long] says", "[runtime][ceilings]") {
  SilentProvider provider;
  RuntimeWorld world(kPlugins, provider.settings());
  const std::string chat = asked(world, "chat", CeilingProfile::patient);
  CHECK(chat.find("ceilings_long.provider_ms = 1500") != std::string::npos);
  const std::string upload = asked(world, "upload", CeilingProfile::patient);
  CHECK(upload.find("ceilings_long.upload_ms = 1500") != std::string::npos);
}

TEST_CASE("provider: a method that the provider lacks is refused by name", "[runtime][provider]") {
  SilentProvider provider;
  RuntimeWorld world(kPlugins, provider.settings());
  const std::string why = asked(world, "search");
  CHECK(why.find("provider silent (plugin test.transfer) has no method \"search\"") != std::string::npos);
}
