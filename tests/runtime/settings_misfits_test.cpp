// What a configuration says of plugins that are not there, or that they do not take: message by message.
#include "runtime/settings_misfits.hpp"

#include "runtime_world.hpp"

using namespace toolpost;

namespace {

const std::vector<std::string> kPlugins = {"lib/toolpost/plugins/chat.so", "lib/toolpost/plugins/echo.so",
                                           "lib/toolpost/plugins/openai.so",
                                           "lib/toolpost/plugins/consensus.so"};

std::vector<std::string> messages(const Settings& settings) {
  RuntimeWorld world(kPlugins, settings);
  std::vector<std::string> all;
  for (const SettingsMisfit& one : settings_misfits(settings, world.runtime->plugins())) {
    CHECK(one.message.starts_with(one.setting));
    all.push_back(one.message);
  }
  return all;
}

using Messages = std::vector<std::string>;

}  // namespace

TEST_CASE("misfits: a configuration that fits has none", "[runtime][config]") {
  Settings settings;
  settings.providers["main"].base_url = "http://127.0.0.1:1";
  settings.providers["own"].plugin = "dev.toolpost.openai";
  settings.plugins["dev.toolpost.chat"].grant = {"provider"};
  settings.plugins["dev.toolpost.gone"].enabled = false;
  settings.tools.enable = {"echo"};
  CHECK(messages(settings).empty());
}

TEST_CASE("misfits: a provider plugin that is not there", "[runtime][config]") {
  Settings settings;
  settings.providers["main"].plugin = "opnai";
  CHECK(messages(settings) ==
        Messages{"providers.main.plugin: there is no provider plugin \"opnai\"; did you mean \"openai\"?"});
  settings.providers["main"].plugin = "watsonx";
  CHECK(messages(settings) ==
        Messages{"providers.main.plugin: there is no provider plugin \"watsonx\"; there is openai"});
}

TEST_CASE("misfits: a plugin's id, an effect and a tool that nobody has", "[runtime][config]") {
  Settings settings;
  settings.plugins["dev.toolpost.chta"].calls_max = 2;
  settings.plugins["dev.toolpost.echo"].grant = {"provder", "teleport", "ask"};
  settings.tools.enable = {"ehco"};
  settings.tools.disable = {"nothing_like_it"};
  const Messages found = messages(settings);
  REQUIRE(found.size() == 5);
  CHECK(found[0] ==
        "plugins.\"dev.toolpost.chta\": no plugin has that id; did you mean \"dev.toolpost.chat\"?");
  CHECK(found[1] ==
        "plugins.\"dev.toolpost.echo\".grant: this host knows no effect \"provder\"; did you mean "
        "\"provider\"?");
  CHECK(found[2].starts_with(
      "plugins.\"dev.toolpost.echo\".grant: this host knows no effect \"teleport\"; there are "));
  CHECK(found[2].find("file.read") != std::string::npos);
  CHECK(found[3] == "tools.enable names no tool that is there: \"ehco\"; did you mean \"echo\"?");
  CHECK(found[4] == "tools.disable names no tool that is there: \"nothing_like_it\"");
}

TEST_CASE("misfits: a value that the plugin's own schema refuses, of tools and of providers",
          "[runtime][config]") {
  Settings settings;
  settings.plugins["dev.toolpost.consensus"].config_json = R"({"model_deadline_ms":"soon"})";
  settings.providers["main"].config_json = R"({"straem":true})";
  const Messages found = messages(settings);
  REQUIRE(found.size() == 2);
  CHECK(found[0].find("plugins.\"dev.toolpost.consensus\".config") != std::string::npos);
  CHECK(found[0].find("model_deadline_ms") != std::string::npos);
  CHECK(found[1].find("providers.main.config") != std::string::npos);
  CHECK(found[1].find("straem") != std::string::npos);
}

TEST_CASE("misfits: an id that nobody has may be that of a plugin still to come, so it warns only",
          "[runtime][config]") {
  Settings settings;
  settings.plugins["com.example.weather"].grant = {"http"};
  CHECK(messages(settings) == Messages{"plugins.\"com.example.weather\": no plugin has that id"});
  RuntimeWorld world({"lib/toolpost/plugins/echo.so"}, settings);
  for (const SettingsMisfit& one : settings_misfits(settings, world.runtime->plugins()))
    CHECK(one.severity == SettingsMisfit::Severity::warning);
}

TEST_CASE("misfits: http that may reach no server is warned of", "[runtime][config]") {
  Settings settings;
  settings.plugins["dev.toolpost.echo"].grant = {"http"};
  CHECK(messages(settings) ==
        Messages{"plugins.\"dev.toolpost.echo\".grant: \"http\" without "
                 "plugins.\"dev.toolpost.echo\".http_origins reaches nothing; name the servers, as in "
                 "http_origins = [\"https://api.example.com\"]"});
  settings.plugins["dev.toolpost.echo"].http_origins = {"https://api.example.com"};
  CHECK(messages(settings).empty());
}
