#include "config/settings_rules.hpp"

#include "catch.hpp"

using namespace toolpost;

namespace {

std::vector<std::string> messages(const Settings& settings, RuleFinding::Severity severity) {
  std::vector<std::string> list;
  for (const RuleFinding& finding : check_rules(settings)) {
    CHECK_FALSE(finding.settings.empty());
    if (finding.severity == severity) list.push_back(finding.message);
  }
  return list;
}
std::vector<std::string> problems(const Settings& settings) {
  return messages(settings, RuleFinding::Severity::problem);
}
std::vector<std::string> warnings(const Settings& settings) {
  return messages(settings, RuleFinding::Severity::warning);
}
using Messages = std::vector<std::string>;

}  // namespace

TEST_CASE("settings rules: the defaults break none", "[config]") {
  CHECK(check_rules(Settings{}).empty());
}

TEST_CASE("settings rules: a provider and its reserve fit a tool exactly, not a millisecond more",
          "[config]") {
  Settings settings;
  settings.ceilings.provider = Millis{44'500};
  CHECK(problems(settings).empty());
  settings.ceilings.provider = Millis{44'501};
  CHECK(problems(settings) ==
        Messages{"ceilings.provider_ms (44501) + deadlines.provider_reserve_ms (500) must be at most "
                 "ceilings.tool_ms (45000); lower the one or raise the other"});
}

TEST_CASE("settings rules: tool within expert, expert within daemon", "[config]") {
  Settings settings;
  settings.ceilings.tool = Millis{60'000};
  CHECK(problems(settings).empty());
  settings.ceilings.tool = Millis{60'001};
  CHECK(problems(settings) == Messages{"ceilings.tool_ms (60001) must be at most ceilings.expert_ms (60000); "
                                       "lower the one or raise the other"});
  settings = {};
  settings.ceilings.expert = Millis{67'500};
  CHECK(problems(settings).empty());
  settings.ceilings.expert = Millis{67'501};
  CHECK(problems(settings).size() == 1);
}

TEST_CASE("settings rules: an override fits into the looser of the two profiles", "[config]") {
  Settings settings;
  settings.providers["glm"].base_url = "https://glm.example.com";
  settings.providers["glm"].ceiling = Millis{719'500};
  settings.plugins["org.x"].ceiling = Millis{809'250};
  CHECK(problems(settings).empty());
  settings.providers["glm"].ceiling = Millis{719'501};
  settings.plugins["org.x"].ceiling = Millis{809'251};
  CHECK(problems(settings) ==
        Messages{"providers.glm.ceiling_ms (719501) + deadlines.provider_reserve_ms (500) must be at most "
                 "ceilings_long.expert_ms (720000); lower the one or raise the other",
                 "plugins.\"org.x\".ceiling_ms (809251) + deadlines.tool_reserve_ms (750) must be at most "
                 "ceilings_long.daemon_ms (810000); lower the one or raise the other"});
  // What is off holds nothing; the next outer one does, and with none anything fits.
  settings.ceilings_long.expert = Millis{0};
  settings.ceilings_long.tool = Millis{0};
  CHECK(problems(settings).size() == 1);
  settings.ceilings_long.daemon = Millis{0};
  settings.deadlines.allow_unbounded = true;
  CHECK(problems(settings).empty());
}

TEST_CASE("settings rules: a plugin's turn fits its own ceiling", "[config]") {
  Settings settings;
  settings.plugins["org.x"].turn_max = Millis{30'000};
  CHECK(problems(settings).empty());
  settings.plugins["org.x"].ceiling = Millis{30'000};
  CHECK(problems(settings).empty());
  settings.plugins["org.x"].ceiling = Millis{29'999};
  CHECK(
      problems(settings) ==
      Messages{"plugins.\"org.x\".turn_max_ms (30000) must be at most plugins.\"org.x\".ceiling_ms (29999); "
               "lower the one or raise the other"});
  settings.plugins["org.x"].ceiling = Millis{0};
  CHECK(problems(settings).empty());
}

TEST_CASE("settings rules: a tool and its reserve fit the daemon", "[config]") {
  Settings settings;
  settings.ceilings.expert = Millis{0};
  settings.ceilings.tool = Millis{66'750};
  CHECK(problems(settings).empty());
  settings.ceilings.tool = Millis{66'751};
  CHECK(problems(settings) ==
        Messages{"ceilings.tool_ms (66751) + deadlines.tool_reserve_ms (750) must be at most "
                 "ceilings.daemon_ms (67500); lower the one or raise the other"});
}

TEST_CASE("settings rules: the long profile is checked by itself", "[config]") {
  Settings settings;
  settings.ceilings_long.expert = Millis{900'000};
  CHECK(problems(settings) ==
        Messages{"ceilings_long.expert_ms (900000) must be at most ceilings_long.daemon_ms "
                 "(810000); lower the one or raise the other"});
}

TEST_CASE("settings rules: a ceiling that is off lets the next outer one hold", "[config]") {
  Settings settings;
  settings.ceilings.tool = Millis{0};
  settings.ceilings.provider = Millis{59'500};
  CHECK(problems(settings).empty());
  settings.ceilings.provider = Millis{59'501};
  CHECK(problems(settings).size() == 1);
  settings.ceilings.expert = Millis{0};
  CHECK(problems(settings).empty());
  settings.ceilings.provider = Millis{67'001};
  CHECK(problems(settings).size() == 1);
  settings.ceilings.provider = Millis{0};
  CHECK(problems(settings).empty());
}

TEST_CASE("settings rules: switching off the daemon ceiling needs permission and then warns", "[config]") {
  Settings settings;
  settings.ceilings.daemon = Millis{0};
  CHECK(problems(settings).size() == 1);
  CHECK(warnings(settings).empty());
  settings.deadlines.allow_unbounded = true;
  CHECK(problems(settings).empty());
  CHECK(warnings(settings) ==
        Messages{"ceilings.daemon_ms = 0: calls have no outermost deadline and may never be answered"});
}

TEST_CASE("settings rules: in-process needs permission and then warns", "[config]") {
  Settings settings;
  settings.isolation.mode = "in-process";
  CHECK(problems(settings).size() == 1);
  settings.isolation.allow_unsafe = true;
  CHECK(problems(settings).empty());
  CHECK(warnings(settings).size() == 1);
}

TEST_CASE("settings rules: the least level may be the deepest, not above it", "[config]") {
  Settings settings;
  settings.isolation.min_level = settings.isolation.level_max = 2;
  CHECK(problems(settings).empty());
  settings.isolation.min_level = 3;
  CHECK(problems(settings).size() == 1);
}

TEST_CASE("settings rules: pairs may be equal, not crossed", "[config]") {
  Settings settings;
  settings.retry.backoff_base = settings.retry.backoff_max = Millis{100};
  settings.breaker.open_base = settings.breaker.open_max = Millis{100};
  CHECK(problems(settings).empty());
  settings.retry.backoff_base = settings.breaker.open_base = Millis{101};
  CHECK(problems(settings).size() == 2);
}

TEST_CASE("settings rules: the client's reserve leaves some of its wall, unless the wall is off",
          "[config]") {
  Settings settings;
  settings.deadlines.client_wall = Millis{2'001};
  CHECK(problems(settings).empty());
  settings.deadlines.client_wall = Millis{2'000};
  CHECK(problems(settings).size() == 1);
  settings.deadlines.client_wall = Millis{0};
  CHECK(problems(settings).empty());
}

TEST_CASE("settings rules: words set in code are checked too", "[config]") {
  Settings settings;
  settings.log.level = "loud";
  settings.workers.reuse = "never";
  CHECK(problems(settings).size() == 2);
}

TEST_CASE("settings rules: a key over plain http warns, but not on this machine", "[config]") {
  Settings settings;
  ProviderSettings& provider = settings.providers["p"];
  provider.base_url = "http://10.0.0.1/v1";
  CHECK(warnings(settings).empty());
  provider.key = SecretSource{"KEY", ""};
  CHECK(warnings(settings).size() == 1);
  provider.base_url = "http://localhost/v1";
  CHECK(warnings(settings).empty());
}

TEST_CASE("settings rules: a fallback names a configured provider", "[config]") {
  Settings settings;
  settings.providers["local"].base_url = "http://localhost";
  settings.models.fallback = {"local", "local/some-model"};
  CHECK(problems(settings).empty());
  settings.models.fallback = {"locl/some-model"};
  CHECK(problems(settings) ==
        Messages{"models.fallback names \"locl/some-model\", but there is no [providers.locl]; did you mean "
                 "\"local\"?; an entry is a provider's name or NAME/model"});
}

TEST_CASE("settings rules: the default provider is a configured one or the client", "[config]") {
  Settings settings;
  settings.default_provider = "client";
  CHECK(problems(settings).empty());
  settings.providers["local"].base_url = "http://localhost";
  settings.default_provider = "local";
  CHECK(problems(settings).empty());
  settings.default_provider = "locl";
  CHECK(problems(settings) ==
        Messages{"host.default_provider names \"locl\", but there is no [providers.locl]; "
                 "did you mean \"local\"?"});
}
