#include "config/settings_load.hpp"

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

}  // namespace

TEST_CASE("settings load: nothing at all gives the defaults", "[config]") {
  CHECK(print_toml(load({}).settings) == print_toml(Settings{}));
  CHECK(print_toml(load({{"empty", ""}}).settings) == print_toml(Settings{}));
}

TEST_CASE("settings load: a later source overrides setting by setting", "[config]") {
  const Settings settings =
      load({{"system", "[limits]\ndepth_max = 10\nkeys_max = 20\n[files]\nroots = [\"/a\", \"/b\"]"},
            {"user", "[limits]\ndepth_max = 11\n[files]\nroots = [\"/c\"]"}})
          .settings;
  CHECK(settings.limits.depth_max == 11);
  CHECK(settings.limits.keys_max == 20);
  CHECK(settings.files.roots == std::vector<std::string>{"/c"});
}

TEST_CASE("settings load: tables of one provider add up, its config is replaced", "[config]") {
  const Settings settings =
      load({{"a", "[providers.p]\nbase_url = \"https://a\"\nmodels = [\"m\"]\nconfig = { x = 1 }"},
            {"b", "[providers.p]\nbase_url = \"https://b\"\n[providers.p.config]\ny = \"two\""}})
          .settings;
  const ProviderSettings& provider = settings.providers.at("p");
  CHECK(provider.base_url == "https://b");
  CHECK(provider.models == std::vector<std::string>{"m"});
  CHECK(provider.config_json == R"({"y":"two"})");
}

TEST_CASE("settings load: every kind of value arrives", "[config]") {
  const Settings settings = load({{"f", R"(
[host]
locale = "de"
plugin_folders = ["/opt/plugins"]
[breaker]
enabled = false
window_ratio = 1
[retry]
budget_refund = 0.5
[turns]
turn_max_ms = 20_000
[providers.glm]
plugin = "glm"
base_url = "https://open.example/api"
key = { file = "/run/keys/glm" }
ceiling_ms = 300_000
attempts_max = 2
[plugins."org.example.echo"]
grant = ["file.read"]
http_origins = ["https://api.example.com"]
turn_max_ms = 10
)"}})
                                .settings;
  CHECK(settings.locale == "de");
  CHECK_FALSE(settings.breaker.enabled);
  CHECK(settings.breaker.window_ratio == 1.0);
  CHECK(settings.retry.budget_refund == 0.5);
  CHECK(settings.turns.turn_max == Millis{20'000});
  CHECK(settings.providers.at("glm").key->file == "/run/keys/glm");
  CHECK(settings.providers.at("glm").ceiling == Millis{300'000});
  CHECK(settings.providers.at("glm").attempts_max == 2u);
  CHECK(settings.plugins.at("org.example.echo").turn_max == Millis{10});
  CHECK_FALSE(settings.plugins.at("org.example.echo").ceiling);
}

TEST_CASE("settings load: variables override every file", "[config]") {
  const EnvironmentList environment{
      {"TOOLPOST_LOG__LEVEL", "debug"},
      {"TOOLPOST_LIMITS__DEPTH_MAX", "12"},
      {"TOOLPOST_BREAKER__ENABLED", "false"},
      {"TOOLPOST_RETRY__BUDGET_REFUND", "1.5"},
      {"TOOLPOST_FILES__ROOTS", "/a,/b"},
      {"TOOLPOST_FILES__DENY", "[\"x,y\"]"},
      {"TOOLPOST_CEILINGS_LONG__UPLOAD_MS", "1"},
      {"TOOLPOST_PROVIDERS__P__BASE_URL", "https://two"},
      {"TOOLPOST_PROVIDERS__NEW__BASE_URL", "https://new"},
      {"TOOLPOST_PROVIDERS__P__KEY", "{ env = \"P_KEY\" }"},
      {"TOOLPOST_PLUGINS__ORG_EXAMPLE_ECHO__CALLS_MAX", "3"},
      {"TOOLPOST_SOMETHING", "ignored"},
      {"PATH", "/bin"},
  };
  const Settings settings = load({{"f",
                                   "[log]\nlevel = \"warn\"\n[providers.p]\nbase_url = "
                                   "\"https://one\"\n[plugins.\"org.example.echo\"]"}},
                                 environment)
                                .settings;
  CHECK(settings.log.level == "debug");
  CHECK(settings.limits.depth_max == 12);
  CHECK_FALSE(settings.breaker.enabled);
  CHECK(settings.retry.budget_refund == 1.5);
  CHECK(settings.files.roots == std::vector<std::string>{"/a", "/b"});
  CHECK(settings.files.deny == std::vector<std::string>{"x,y"});
  CHECK(settings.ceilings_long.upload == Millis{1});
  CHECK(settings.providers.at("p").base_url == "https://two");
  CHECK(settings.providers.at("p").key->env == "P_KEY");
  CHECK(settings.providers.at("new").base_url == "https://new");
  CHECK(settings.plugins.at("org.example.echo").calls_max == 3u);
}

TEST_CASE("settings load: an empty variable empties a list and a string", "[config]") {
  const Settings settings =
      load({}, {{"TOOLPOST_CLIENTS__RESET_ON_PROGRESS", ""}, {"TOOLPOST_LOG__FILE", ""}}).settings;
  CHECK(settings.clients_reset_on_progress.empty());
  CHECK(settings.log.file.empty());
}

TEST_CASE("settings load: problems of all sources come at once, in the order of reading", "[config]") {
  const SettingsOutcome outcome = load_settings(
      {{"one", "[log]\nlevel = 3\n[limits]\ndepth_max = 1"}, {"two", "[retry]\nattempts_max = 0"}},
      {{"TOOLPOST_HTTP__CONNECT_MS", "x"}});
  CHECK_FALSE(outcome.loaded);
  REQUIRE(outcome.problems.size() == 4);
  CHECK(outcome.problems[0].line == 2);
  CHECK(outcome.problems[1].line == 4);
  CHECK(outcome.problems[2].file == "two");
  CHECK(outcome.problems[3].file == "environment");
}

TEST_CASE("settings load: a file that does not parse hides no problem of another, and breaks no rule",
          "[config]") {
  const SettingsOutcome outcome = load_settings(
      {{"one", "[ceilings]\ntool_ms = "}, {"two", "[ceilings]\nprovider_ms = 50_000\n[log]\nlvel = 1"}});
  REQUIRE(outcome.problems.size() == 2);
  CHECK(outcome.problems[0].file == "one");
  CHECK(outcome.problems[1].message == "unknown setting log.lvel; did you mean log.level?");
}

TEST_CASE("settings load: a broken rule points at what was set last", "[config]") {
  const SettingsOutcome outcome = load_settings(
      {{"one", "[ceilings]\n\nprovider_ms = 44_000\n"}, {"two", "\n[ceilings]\n  tool_ms = 44_000"}});
  REQUIRE(outcome.problems.size() == 1);
  CHECK(outcome.problems[0].file == "two");
  CHECK(outcome.problems[0].line == 3);
  CHECK(outcome.problems[0].column == 3);
}

TEST_CASE("settings load: a value that was refused breaks no rule as well", "[config]") {
  const SettingsOutcome outcome =
      load_settings({{"f", "[ceilings]\nprovider_ms = 50_000\ntool_ms = \"60s\"\nexpert_ms = 60_000"}});
  REQUIRE(outcome.problems.size() == 1);
  CHECK(outcome.problems[0].line == 3);
}

TEST_CASE("settings load: a variable that lost its section or an underscore is told, others are anybody's",
          "[config]") {
  const auto outcome = load_settings({}, {{"TOOLPOST_LOG_LEVEL", "debug"}, {"TOOLPOST_CORPORA", "/x"}});
  REQUIRE(outcome.loaded);
  CHECK(outcome.loaded->settings.log.level == Settings{}.log.level);
  REQUIRE(outcome.loaded->warnings.size() == 1);
  CHECK(to_string(outcome.loaded->warnings[0]) ==
        "environment: TOOLPOST_LOG_LEVEL sets nothing; did you mean TOOLPOST_LOG__LEVEL?");
  const auto without_section = load_settings({}, {{"TOOLPOST_STATE_DIR", "/x"}});
  REQUIRE(without_section.loaded);
  CHECK(without_section.loaded->settings.store.state_dir.empty());
  REQUIRE(without_section.loaded->warnings.size() == 1);
  CHECK(to_string(without_section.loaded->warnings[0]) ==
        "environment: TOOLPOST_STATE_DIR sets nothing; did you mean TOOLPOST_STORE__STATE_DIR?");
}

TEST_CASE("settings load: warnings do not refuse, and have a place", "[config]") {
  const LoadedSettings loaded =
      load({{"f", "[deadlines]\nallow_unbounded = true\n[ceilings]\ndaemon_ms = 0"}});
  REQUIRE(loaded.warnings.size() == 1);
  CHECK(to_string(loaded.warnings[0]) ==
        "f:4:1: ceilings.daemon_ms = 0: calls have no outermost deadline and may never be answered");
}

TEST_CASE("settings load: a hundred problems are told, not a million", "[config]") {
  std::string text = "[limits]\n";
  for (int i = 0; i < 300; ++i) text += "zzzzzzzzz" + std::to_string(i) + " = 1\n";
  CHECK(load_settings({{"f", text}}).problems.size() == 100);
}
