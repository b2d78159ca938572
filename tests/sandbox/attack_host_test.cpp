// A plugin against the host: lies, foreign handles, other owners' data, origins it was not given. Where the
// host sees the attempt it is logged once and counted.
#include <atomic>

#include "attack_world.hpp"
#include "http_server.hpp"
#include "toolpost/plugin.h"

using namespace toolpost;
using nlohmann::json;

namespace {

Settings granting(std::vector<std::string> effects) {
  Settings settings;
  settings.plugins["test.attack"].grant = std::move(effects);
  return settings;
}

/// Answers every request with the header lines it came with, and keeps them.
struct EchoServer {
  std::mutex mutex;
  std::string seen;
  std::string location;  // empty: no redirect
  HttpServer server{[this](ServerConnection& connection) {
    for (std::string request = connection.read_request(); !request.empty();
         request = connection.read_request()) {
      const std::lock_guard lock(mutex);
      seen += request;
      if (!location.empty() && request.starts_with("GET /redirect")) {
        connection.send("HTTP/1.1 307 Temporary\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n");
      } else {
        connection.answer(request);
      }
    }
  }};
  std::string take() {
    const std::lock_guard lock(mutex);
    return std::exchange(seen, {});
  }
  std::string origin() const { return "http://127.0.0.1:" + std::to_string(server.port()); }
};

}  // namespace

TEST_CASE("attack: every lie on the socket ends the worker, is answered, logged once and counted",
          "[sandbox][attack]") {
  AttackWorld world;
  const std::vector<std::string> lies = {
      "a turn it does not owe", "no output at all",           "turn zero",      "ready again",
      "another level",          "an order of the host",       "no type",        "a foreign magic",
      "reserved bits",          "more than it sends",         "four gigabytes", "a descriptor nobody wants",
      "a device as payload",    "an unsealed file as payload"};
  for (const std::string& how : lies) {
    world.start("lie", json{{"how", how}}.dump());
    world.settle();
    CAPTURE(how, world.outcomes.at("lie").message);
    CHECK(world.outcomes.at("lie").code == Errc::protocol);
    CHECK(world.call("fine").code == Errc::ok);
  }
  const std::size_t counted = world.refusals().at("protocol");  // for each worker that lied, reruns included
  CHECK(counted >= lies.size());
  CHECK(world.events["plugin_refused"] == 1);
}

TEST_CASE("attack: handles of earlier calls, other effects and thin air are refused", "[sandbox][attack]") {
  AttackWorld world({}, {"tests/plugins/handles.so"});
  world.attack("handles");
  const json second = world.attack("handles");
  REQUIRE(second.at("earlier") == 1);  // the same worker, so the old handle was at hand
  for (const char* use :
       {"start", "wait", "emit", "log", "none", "foreign_effect", "invented_effect", "nowhere"}) {
    CAPTURE(use);
    CHECK(second.at(use) == TOOLPOST_INVALID_INPUT);
  }
  CHECK(second.at("random") == 0);
  CHECK(world.refusals("test.handles").at("handle") >= 9);  // both calls', the first without an earlier one
  CHECK(world.events["plugin_refused"] == 1);
  CHECK(world.outcomes.at("handles").parts.size() == 1);
}

TEST_CASE("attack: what a call leaves in its process never meets another owner", "[sandbox][attack]") {
  AttackWorld world;
  CHECK(world.attack("poison", json::object(), 1).at("calls_seen") == 1);
  CHECK(world.attack("poison", json::object(), 1).at("calls_seen") == 2);
  CHECK(world.attack("poison", json::object(), 2).at("calls_seen") == 1);
  CHECK(world.attack("poison", json::object(), 1).at("calls_seen") == 3);
  Settings single;
  single.workers.reuse = "call";
  AttackWorld fresh(single);
  CHECK(fresh.attack("poison", json::object(), 1).at("calls_seen") == 1);
  CHECK(fresh.attack("poison", json::object(), 1).at("calls_seen") == 1);
}

TEST_CASE("attack: values and threads of another owner look as if they were not there", "[sandbox][attack]") {
  AttackWorld world(granting({"store.get", "store.put", "thread.read", "thread.append"}));
  const auto effect = [&](const char* kind, const json& request, OwnerId owner) {
    return world.attack("effect", {{"kind", kind}, {"request", request}}, owner);
  };
  effect("store.put", {{"key", "k"}, {"value", "of one"}}, 1);
  const json appended = effect("thread.append", {{"turn", {{"role", "user"}, {"content", "of one"}}}}, 1);
  const std::string id = appended.at("result").at("id");
  CHECK(effect("store.get", {{"key", "k"}}, 1).at("result").at("value") == "of one");
  CHECK(effect("thread.read", {{"id", id}}, 1).at("status") == 0);
  CHECK(effect("store.get", {{"key", "k"}}, 2).at("result").at("value") == nullptr);
  const json foreign = effect("thread.read", {{"id", id}}, 2);
  json unknown = effect("thread.read", {{"id", std::string(id.size(), 'x')}}, 2);
  CHECK(foreign.at("status") == TOOLPOST_NOT_FOUND);
  CHECK(foreign.at("status") == unknown.at("status"));
  // Nor can it be written to.
  world.start("effect",
              json{{"kind", "thread.append"},
                   {"request", {{"id", id}, {"turn", {{"role", "user"}, {"content", "of two"}}}}}}
                  .dump(),
              2);
  world.settle();
  CHECK(effect("thread.read", {{"id", id}}, 1).dump().find("of two") == std::string::npos);
}

TEST_CASE("attack: effects that nobody granted are refused, logged once and counted", "[sandbox][attack]") {
  AttackWorld world;
  for (int i = 0; i < 3; ++i) {
    const json refused =
        world.attack("effect", {{"kind", "file.read"}, {"request", {{"path", "/etc/passwd"}}}});
    CHECK(refused.at("status") == TOOLPOST_PERMISSION);
  }
  CHECK(world.attack("effect", {{"kind", "provider"}}).at("status") == TOOLPOST_PERMISSION);
  CHECK(world.refusals() == json{{"file.read", 3}, {"provider", 1}});
  CHECK(world.events["plugin_refused"] == 2);
  CHECK(world.details.find("file.read") != std::string::npos);
  CHECK(world.details.find("may add to the configuration what `toolpost plugins` prints (logged once") !=
        std::string::npos);
  CHECK(world.details.find("/etc/passwd") == std::string::npos);  // arguments are never logged
}

TEST_CASE("attack: an origin that was not granted is not reached, by redirect either, and is counted",
          "[sandbox][attack]") {
  EchoServer granted, other;
  granted.location = other.origin() + "/stolen";
  Settings settings = granting({"http"});
  settings.plugins["test.attack"].http_origins = {granted.origin()};
  AttackWorld world(settings);
  const auto get = [&](const std::string& url) {
    return world.attack("effect", {{"kind", "http"}, {"request", {{"method", "GET"}, {"url", url}}}});
  };
  CHECK(get(granted.origin() + "/fine").at("status") == 0);
  CHECK(get(other.origin() + "/direct").at("status") == TOOLPOST_PERMISSION);
  CHECK(get(granted.origin() + "/redirect").at("status") == TOOLPOST_PERMISSION);
  CHECK(other.take().empty());
  CHECK(world.refusals() == json{{"http", 2}});
  CHECK(world.events["plugin_refused"] == 1);
}

TEST_CASE("attack: a provider's key goes to its own origin only, and never comes back", "[sandbox][attack]") {
  EchoServer own, other;
  own.location = other.origin() + "/stolen";
  Settings settings = granting({"provider"});
  settings.retry.attempts_max = 1;
  settings.plugins["test.leaky"].grant = {"http"};
  settings.plugins["test.leaky"].http_origins = {other.origin()};
  ProviderSettings provider;
  provider.plugin = "test.leaky";
  provider.base_url = own.origin() + "/v1";
  provider.models = {"m"};
  settings.providers["local"] = provider;
  AttackWorld world(settings, {"tests/plugins/leaky_provider.so"});
  const auto send_to = [&](const std::string& url, const std::string& secret) {
    const json request = {{"method", "chat"},
                          {"model", "auto"},
                          {"messages", json::array({{{"role", secret}, {"content", url}}})}};
    return world.attack("effect", {{"kind", "provider"}, {"request", request}}).dump();
  };
  const std::string echoed = send_to(own.origin() + "/v1/echo", "key");
  CAPTURE(echoed);
  CHECK(own.take().find("Bearer " + kCanary) != std::string::npos);
  CHECK(echoed.find(kCanary) == std::string::npos);  // masked, although the server sent it back
  CHECK(echoed.find("[secret]") != std::string::npos);

  // A provider plugin reaches its own origin only, with the key or without, whatever else its plugin was
  // granted. (Over a redirect that is granted the key is dropped: tests/effect/http has that.)
  for (const std::string& url : {other.origin() + "/direct", own.origin() + "/redirect"}) {
    for (const char* secret : {"key", ""}) {
      CAPTURE(url, secret);
      const std::string refused = send_to(url, secret);
      CHECK(refused.find("failed\\\":" + std::to_string(TOOLPOST_PERMISSION)) != std::string::npos);
      CHECK(other.take().empty());
    }
  }
}
