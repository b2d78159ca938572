#include "config/settings_explain.hpp"

#include "catch.hpp"
#include "config/settings_print.hpp"

using namespace toolpost;

namespace {

LoadedSettings load(const std::vector<ConfigSource>& sources, const EnvironmentList& environment = {}) {
  SettingsOutcome outcome = load_settings(sources, environment);
  for (const ConfigProblem& problem : outcome.problems) UNSCOPED_INFO(to_string(problem));
  REQUIRE(outcome.loaded);
  return std::move(*outcome.loaded);
}

const std::vector<ConfigSource> kSources = {
    {"/etc/toolpost/toolpost.toml", "[limits]\ndepth_max = 10\nkeys_max = 20\n"},
    {"/home/ann/toolpost.toml",
     "[limits]\n\ndepth_max = 11\n[providers.local]\nbase_url = \"http://127.0.0.1:1\"\n"
     "key = { command = [\"/usr/bin/pass\", \"glm key\"] }\n[plugins.\"org.example.echo\"]\ncalls_max = "
     "2\n"}};
const EnvironmentList kEnvironment = {{"TOOLPOST_LOG__LEVEL", "debug"},
                                      {"TOOLPOST_PROVIDERS__LOCAL__MODELS", "a,b"}};

}  // namespace

TEST_CASE("settings explain: each value names the file and line, variable or default it comes from",
          "[config]") {
  const LoadedSettings loaded = load(kSources, kEnvironment);
  const std::string text = explain_toml(loaded);
  for (const char* line :
       {"depth_max = 11  # /home/ann/toolpost.toml:3\n", "keys_max = 20  # /etc/toolpost/toolpost.toml:3\n",
        "nodes_max = 200_000  # default\n", "level = \"debug\"  # environment TOOLPOST_LOG__LEVEL\n",
        "base_url = \"http://127.0.0.1:1\"  # /home/ann/toolpost.toml:5\n",
        "models = [\"a\", \"b\"]  # environment TOOLPOST_PROVIDERS__LOCAL__MODELS\n",
        "key = { command = [\"/usr/bin/pass\", \"glm key\"] }  # /home/ann/toolpost.toml:6\n",
        "plugin = \"openai\"  # default\n", "calls_max = 2  # /home/ann/toolpost.toml:8\n"}) {
    CAPTURE(line);
    CHECK(text.find(line) != std::string::npos);
  }
}

TEST_CASE("settings explain: the explained text loads to the same values", "[config]") {
  const LoadedSettings loaded = load(kSources, kEnvironment);
  CHECK(print_toml(load({{"explained", explain_toml(loaded)}}).settings) == print_toml(loaded.settings));
}

TEST_CASE("settings explain: programs get the same as JSON", "[config]") {
  const std::string json = explain_json(load(kSources, kEnvironment));
  for (
      const char* piece :
      {R"({"name":"limits.depth_max","value":11,"origin":{"kind":"file","file":"/home/ann/toolpost.toml","line":3}})",
       R"({"name":"limits.nodes_max","value":200000,"origin":{"kind":"default"}})",
       R"({"name":"log.level","value":"debug","origin":{"kind":"environment","variable":"TOOLPOST_LOG__LEVEL"}})",
       R"("name":"providers.local.models","value":["a","b"])",
       R"("name":"providers.local.key","value":{"command":["/usr/bin/pass","glm key"]})",
       R"("name":"providers.local.config","value":{})",
       R"({"name":"plugins.\"org.example.echo\".calls_max","value":2,)"}) {
    CAPTURE(piece);
    CHECK(json.find(piece) != std::string::npos);
  }
}
