// Wrong configurations and exactly what the operator is told. One message per line.
#include "catch.hpp"
#include "config/settings_load.hpp"

using namespace toolpost;

namespace {

struct WrongFile {
  const char* text;
  const char* told;
};

const WrongFile kFiles[] = {
    {"[limits]\ndept_max = 5", "f:2:1: unknown setting limits.dept_max; did you mean limits.depth_max?"},
    {"[limit]\ndepth_max = 5", "f:1:2: unknown section [limit]; did you mean [limits]?"},
    {"[zebra]\nx = 1", "f:1:2: unknown section [zebra]"},
    {"[logging]\nlevel = \"info\"", "f:1:2: unknown section [logging]; did you mean [log]?"},
    {"depth_max = 5",
     "f:1:1: unknown setting depth_max outside of any section; did you mean limits.depth_max?"},
    {"[plugins.com.example.x]\nenabled = true",
     "f:1:14: [plugins.com.example.x] names tables in tables; an id with dots is quoted: "
     "[plugins.\"com.example.x\"]"},
    {"[plugins.com.example.x.config]\ndepth = 1",
     "f:1:14: [plugins.com.example.x] names tables in tables; an id with dots is quoted: "
     "[plugins.\"com.example.x\"]"},
    {"zebra = 5", "f:1:1: unknown setting zebra outside of any section"},
    {"limits = 3", "f:1:1: [limits] must be a table, found the whole number 3"},
    {"providers = []", "f:1:1: [providers] must be a table, found a list"},
    {"[ceilings]\nprovider = 30_000",
     "f:2:1: unknown setting ceilings.provider; did you mean ceilings.provider_ms?"},
    {"[ceilings]\nprovider_ms = \"30s\"",
     "f:2:1: ceilings.provider_ms must be a whole number of milliseconds in 0..86,400,000, found the "
     "string \"30s\""},
    {"[ceilings]\nprovider_ms = 30.0",
     "f:2:1: ceilings.provider_ms must be a whole number of milliseconds in 0..86,400,000, found the "
     "decimal number 30.0"},
    {"[ceilings]\nprovider_ms = -1",
     "f:2:1: ceilings.provider_ms must be a whole number of milliseconds in 0..86,400,000, found the "
     "whole number -1"},
    {"[ceilings]\nprovider_ms = 86_400_001",
     "f:2:1: ceilings.provider_ms must be a whole number of milliseconds in 0..86,400,000, found the "
     "whole number 86400001"},
    {"[limits]\nmessage_bytes_max = 1023",
     "f:2:1: limits.message_bytes_max must be a whole number (bytes) in 1,024..67,108,864, found the "
     "whole number 1023"},
    {"[limits]\nmessage_bytes = 2000",
     "f:2:1: unknown setting limits.message_bytes; did you mean limits.message_bytes_max?"},
    {"[limits]\ndepth_max = true",
     "f:2:1: limits.depth_max must be a whole number (levels) in 4..512, found true"},
    {"[limits]\ndepth_max = [64]",
     "f:2:1: limits.depth_max must be a whole number (levels) in 4..512, found a list"},
    {"[limits]\ndepth_max = 1979-05-27",
     "f:2:1: limits.depth_max must be a whole number (levels) in 4..512, found the date or time "
     "1979-05-27"},
    {"[breaker]\nenabled = \"yes\"",
     "f:2:1: breaker.enabled must be true or false, found the string \"yes\""},
    {"[breaker]\nenabled = 1", "f:2:1: breaker.enabled must be true or false, found the whole number 1"},
    {"[breaker]\nwindow_ratio = 0.0",
     "f:2:1: breaker.window_ratio must be a number in 0.01..1, found the decimal number 0.0"},
    {"[breaker]\nwindow_ratio = nan",
     "f:2:1: breaker.window_ratio must be a number in 0.01..1, found the decimal number nan"},
    {"[breaker]\nwindow_ratio = \"half\"",
     "f:2:1: breaker.window_ratio must be a number in 0.01..1, found the string \"half\""},
    {"[retry]\nattempts_max = 0",
     "f:2:1: retry.attempts_max must be a whole number (attempts) in 1..10, found the whole number 0"},
    {"[retry]\nattempts_max = 11",
     "f:2:1: retry.attempts_max must be a whole number (attempts) in 1..10, found the whole number 11"},
    {"[log]\nlevel = \"warning\"",
     "f:2:1: log.level must be one of debug, info, warn, error, off, found the string \"warning\"; did you "
     "mean \"warn\"?"},
    {"[log]\nlevel = \"loudest of all\"",
     "f:2:1: log.level must be one of debug, info, warn, error, off, found the string \"loudest of "
     "all\""},
    {"[log]\nlevel = 3",
     "f:2:1: log.level must be one of debug, info, warn, error, off, found the whole number 3"},
    {"[log]\nfile = \"toolpost.log\"", "f:2:1: log.file must be an absolute path, found \"toolpost.log\""},
    {"[workers]\nreuse = \"owners\"",
     "f:2:1: workers.reuse must be one of owner, call, found the string \"owners\"; did you mean "
     "\"owner\"?"},
    {"[isolation]\nmode = \"inprocess\"",
     "f:2:1: isolation.mode must be one of process, in-process, found the string \"inprocess\"; did "
     "you mean \"in-process\"?"},
    {"[isolation]\nmode = \"in-process\"",
     "f:2:1: isolation.mode = \"in-process\" needs isolation.allow_unsafe = true (found false): "
     "there, one bad plugin takes the host and every call with it"},
    {"[isolation]\nmin_level = 5",
     "f:2:1: isolation.min_level must be a whole number (level) in 0..4, found the whole number 5"},
    {"[files]\nroots = \"/src\"", "f:2:1: files.roots must be a list of strings, found the string \"/src\""},
    {"[files]\nroots = [\"/src\", 3]",
     "f:2:1: files.roots must be a list of strings, found the whole number 3 in it"},
    {"[files]\nroots = [\"src\"]", "f:2:1: files.roots must be an absolute path, found \"src\""},
    {"[files]\nroots = [\"\"]", "f:2:1: files.roots must not hold empty strings"},
    {"[files]\nroots = [\"/a\\nb\"]", "f:2:1: files.roots must not contain control characters"},
    {"[files]\ndeny = [\"a/b\"]", "f:2:1: files.deny holds names, not paths, found \"a/b\""},
    {"[host]\nlocale = \"en_US\"",
     "f:2:1: host.locale must be a BCP 47 tag like \"en\" or \"pt-BR\", found \"en_US\": subtags are "
     "joined by '-', not '_'"},
    {"[host]\nlocale = \"\"",
     "f:2:1: host.locale must be a BCP 47 tag like \"en\" or \"pt-BR\", found \"\": it must begin "
     "with a language of 2 to 8 letters"},
    {"[host]\ndefault_provider = \"gml\"\n[providers.glm]\nbase_url = \"https://open.example\"",
     "f:2:1: host.default_provider names \"gml\", but there is no [providers.gml]; did you mean "
     "\"glm\"?"},
    {"[http]\nca_file = \"ca.pem\"", "f:2:1: http.ca_file must be an absolute path, found \"ca.pem\""},
    {"[store]\nstate_dir = \"state\"", "f:2:1: store.state_dir must be an absolute path, found \"state\""},
    {"[ceilings]\nprovider_ms = 45_000",
     "f:2:1: ceilings.provider_ms (45000) + deadlines.provider_reserve_ms (500) must be at most "
     "ceilings.tool_ms (45000); lower the one or raise the other"},
    {"[ceilings]\ntool_ms = 61_000\nprovider_ms = 1_000",
     "f:2:1: ceilings.tool_ms (61000) must be at most ceilings.expert_ms (60000); lower the one or "
     "raise the other"},
    {"[ceilings_long]\ntool_ms = 720_000\nexpert_ms = 700_000",
     "f:3:1: ceilings_long.tool_ms (720000) must be at most ceilings_long.expert_ms (700000); lower "
     "the one or raise the other"},
    {"[ceilings]\ndaemon_ms = 0",
     "f:2:1: ceilings.daemon_ms = 0 switches off the last deadline; set it to 1 or more, or set "
     "deadlines.allow_unbounded = true (found false)"},
    {"[deadlines]\nclient_reserve_ms = 30_000\nclient_wall_ms = 30_000",
     "f:3:1: deadlines.client_reserve_ms (30000) must be less than deadlines.client_wall_ms (30000), "
     "or no call has any time"},
    {"[retry]\nbackoff_base_ms = 9_000",
     "f:2:1: retry.backoff_base_ms (9000) must be at most retry.backoff_max_ms (8000); lower the one "
     "or raise the other"},
    {"[breaker]\nopen_base_ms = 20\nopen_max_ms = 10",
     "f:3:1: breaker.open_base_ms (20) must be at most breaker.open_max_ms (10); lower the one or "
     "raise the other"},
    {"[providers.client]\nplugin = \"client\"\nbase_url = \"https://x.example\"",
     "f:3:1: [providers.client] asks the client's own model, which has no URL and no key; remove base_url "
     "and "
     "key"},
    {"[providers.glm]\nmodels = [\"m\"]",
     "f:1:12: providers.glm.base_url is missing; give the provider's http or https URL, e.g. "
     "\"https://api.example.com/v1\""},
    {"[providers.glm]\nbase_url = \"open.example/v1\"",
     "f:2:1: providers.glm.base_url is not usable (value not shown): it must start with https:// or "
     "http://"},
    {"[providers.glm]\nbase_url = \"https://user:CANARY@open.example\"",
     "f:2:1: providers.glm.base_url is not usable (value not shown): user names and passwords do not "
     "belong into it; use key = { env = \"NAME\" }"},
    {"[providers.glm]\nbase_url = \"https://open.example?key=CANARY\"",
     "f:2:1: providers.glm.base_url is not usable (value not shown): it must have no query and no "
     "fragment"},
    {"[providers.glm]\nbase_url = \"https://open.example\"\nkey = \"CANARY\"",
     "f:3:1: providers.glm.key must be { env = \"NAME\" }, { file = \"/absolute/path\" } or { command = "
     "[\"/absolute/program\"] }, found a "
     "string (not shown); secrets are never written here"},
    {"[providers.glm]\nbase_url = \"https://open.example\"\nkey = { env = \"sk-CANARY\" }",
     "f:3:1: providers.glm.key: env must be the name of an environment variable (value not shown): "
     "the name of a variable has letters, digits and '_' only"},
    {"[providers.glm]\nbase_url = \"https://open.example\"\nkey = { env = \"A\", file = \"/b\" }",
     "f:3:1: providers.glm.key must have exactly one of env, file and command, found 2"},
    {"[providers.glm]\nbase_url = \"https://open.example\"\nkey = {}",
     "f:3:1: providers.glm.key must have exactly one of env, file and command, found none"},
    {"[providers.glm]\nbase_url = \"https://open.example\"\nkey = { value = \"CANARY\" }",
     "f:3:1: providers.glm.key must be { env = \"NAME\" }, { file = \"/absolute/path\" } or { command = "
     "[\"/absolute/program\"] }, found the "
     "key \"value\" in it"},
    {"[providers.glm]\nbase_url = \"https://open.example\"\nkey = { file = \"CANARY\" }",
     "f:3:1: providers.glm.key: file must be an absolute path (value not shown)"},
    {"[providers.glm]\nbase_url = \"https://open.example\"\nkey = { command = \"CANARY\" }",
     "f:3:1: providers.glm.key must be { env = \"NAME\" }, { file = \"/absolute/path\" } or { command = "
     "[\"/absolute/program\"] }; command must be a list of strings that are not empty"},
    {"[providers.glm]\nbase_url = \"https://open.example\"\nkey = { command = [] }",
     "f:3:1: providers.glm.key must be { env = \"NAME\" }, { file = \"/absolute/path\" } or { command = "
     "[\"/absolute/program\"] }; command must be a list of strings that are not empty"},
    {"[providers.glm]\nbase_url = \"https://open.example\"\nkey = { command = [\"CANARY\", \"x\"] }",
     "f:3:1: providers.glm.key: command must begin with the absolute path of a program (value not shown)"},
    {"[providers.glm]\nbase_url = \"https://open.example\"\nkey = { command = [\"/bin/x\"], env = \"A\" }",
     "f:3:1: providers.glm.key must have exactly one of env, file and command, found 2"},
    {"[providers.glm]\nbase_url = \"https://open.example\"\nkey = { env = 3 }",
     "f:3:1: providers.glm.key must be { env = \"NAME\" }, { file = \"/absolute/path\" } or { command = "
     "[\"/absolute/program\"] }; env must "
     "be a string that is not empty"},
    {"[providers.glm]\nbase_url = \"https://open.example\"\nurl = \"x\"",
     "f:3:1: unknown setting providers.glm.url"},
    {"[providers.GLM]\nbase_url = \"https://open.example\"",
     "f:1:12: [providers.GLM]: a name has 1 to 64 of a-z, 0-9, '-' and '_'"},
    {"[providers.glm]\nbase_url = \"https://open.example\"\nconfig = \"x\"",
     "f:3:1: providers.glm.config must be a table, found the string \"x\""},
    {"[providers.glm]\nbase_url = \"https://open.example\"\n[providers.glm.config]\nsince = 2024-01-01",
     "f:3:16: providers.glm.config cannot be passed on as JSON: it holds the date or time 2024-01-01 "
     "at line 4; write it as a string"},
    {"[providers]\nglm = \"https://open.example\"",
     "f:2:1: [providers.glm] must be a table, found the string \"https://open.example\""},
    {"[plugins.\"org.example.echo\"]\ngrants = [\"http\"]",
     "f:2:1: unknown setting plugins.\"org.example.echo\".grants; did you mean "
     "plugins.\"org.example.echo\".grant?"},
    {"[plugins.\"org.example.echo\"]\nhttp_origins = [\"https://api.example.com/v1\"]",
     "f:2:1: plugins.\"org.example.echo\".http_origins holds something else than an origin (value not "
     "shown): an origin is scheme, host and port alone, with no path"},
    {"[plugins.\"org.example.echo\"]\nturn_max_ms = 9",
     "f:2:1: plugins.\"org.example.echo\".turn_max_ms must be a whole number of milliseconds in "
     "10..600,000, found the whole number 9"},
    {"[limits]\ndepth_max = ",
     "f:2:13: not valid TOML: Error while parsing key-value pair: encountered end-of-file"},
    {"[limits]\ndepth_max = 5\ndepth_max = 6",
     "f:3:13: not valid TOML: Error while parsing key-value pair: cannot redefine existing integer "
     "'depth_max'"},
    {"[limits\ndepth_max = 5",
     "f:1:8: not valid TOML: Error while parsing table header: expected ']', saw '\\n'"},
    {"[providers.glm]\nkey = sk-CANARY",
     "f:2:7: not valid TOML: Error while parsing value: could not determine value type"},
    {"[providers.glm]\nkey = { env = CANARY }",
     "f:2:15: not valid TOML: Error while parsing value: could not determine value type"},
    {"[limits]\n\"a\\u001bb\" = 5", "f:2:1: unknown setting limits.\"a\\u001bb\""},
};

struct WrongVariable {
  const char* name;
  const char* value;
  const char* told;
};

const WrongVariable kVariables[] = {
    {"TOOLPOST_LIMIT__DEPTH_MAX", "5",
     "environment: TOOLPOST_LIMIT__DEPTH_MAX: unknown section [limit]; did you mean [limits]?"},
    {"TOOLPOST_LIMITS__DEPT_MAX", "5",
     "environment: TOOLPOST_LIMITS__DEPT_MAX: unknown setting limits.dept_max; did you mean "
     "TOOLPOST_LIMITS__DEPTH_MAX?"},
    {"TOOLPOST_LIMITS__DEPTH_MAX", "deep",
     "environment: TOOLPOST_LIMITS__DEPTH_MAX: limits.depth_max must be a whole number (levels) in "
     "4..512, found the string \"deep\""},
    {"TOOLPOST_LIMITS__DEPTH_MAX", "1000",
     "environment: TOOLPOST_LIMITS__DEPTH_MAX: limits.depth_max must be a whole number (levels) in "
     "4..512, found the whole number 1000"},
    {"TOOLPOST_LIMITS__DEPTH_MAX", "5\nx = 6",
     "environment: TOOLPOST_LIMITS__DEPTH_MAX: limits.depth_max must be a whole number (levels) in "
     "4..512, found the string \"5\\nx = 6\""},
    {"TOOLPOST_LIMITS__DEPTH_MAX", "",
     "environment: TOOLPOST_LIMITS__DEPTH_MAX: limits.depth_max must be a whole number (levels) in "
     "4..512, found the string \"\""},
    {"TOOLPOST_LIMITS__DEPTH__MAX", "5",
     "environment: TOOLPOST_LIMITS__DEPTH__MAX: expected TOOLPOST_<SECTION>__<KEY>"},
    {"TOOLPOST_LOG__LEVEL", "noisy",
     "environment: TOOLPOST_LOG__LEVEL: log.level must be one of debug, info, warn, error, off, found "
     "the string \"noisy\""},
    {"TOOLPOST_CEILINGS__TOOL_MS", "70000",
     "environment: ceilings.tool_ms (70000) must be at most ceilings.expert_ms (60000); lower the one "
     "or raise the other"},
    {"TOOLPOST_PROVIDERS__GLM", "x",
     "environment: TOOLPOST_PROVIDERS__GLM: expected TOOLPOST_PROVIDERS__<NAME>__<KEY>"},
    {"TOOLPOST_PROVIDERS__GLM__KEY", "sk-CANARY",
     "environment: TOOLPOST_PROVIDERS__GLM__KEY: providers.glm.key must be { env = \"NAME\" }, { file = "
     "\"/absolute/path\" } or { command = [\"/absolute/program\"] }, "
     "found a string (not shown); secrets are never written "
     "here\nenvironment: providers.glm.base_url is missing; give the provider's http or https URL, "
     "e.g. \"https://api.example.com/v1\""},
    {"TOOLPOST_PLUGINS__ECHO__CALLS_MAX", "3",
     "environment: TOOLPOST_PLUGINS__ECHO__CALLS_MAX: no file has a [plugins.\"ID\"] table that this "
     "could mean"},
};

std::string told(const SettingsOutcome& outcome) {
  std::string text;
  for (const ConfigProblem& problem : outcome.problems)
    text += (text.empty() ? "" : "\n") + to_string(problem);
  return text;
}

}  // namespace

TEST_CASE("settings wrong: each wrong file is refused with one clear message", "[config]") {
  for (const WrongFile& wrong : kFiles) {
    INFO(wrong.text);
    const SettingsOutcome outcome = load_settings({{"f", wrong.text}});
    CHECK_FALSE(outcome.loaded);
    CHECK(told(outcome) == wrong.told);
  }
}

TEST_CASE("settings wrong: each wrong variable is refused with one clear message", "[config]") {
  for (const WrongVariable& wrong : kVariables) {
    INFO(wrong.name);
    const SettingsOutcome outcome = load_settings({}, {{wrong.name, wrong.value}});
    CHECK_FALSE(outcome.loaded);
    CHECK(told(outcome) == wrong.told);
  }
}

TEST_CASE("settings wrong: no message quotes what may be a secret", "[config]") {
  for (const WrongFile& wrong : kFiles)
    CHECK(told(load_settings({{"f", wrong.text}})).find("CANARY") == std::string::npos);
  for (const WrongVariable& wrong : kVariables)
    CHECK(told(load_settings({}, {{wrong.name, wrong.value}})).find("CANARY") == std::string::npos);
}

TEST_CASE("settings wrong: a variable whose name steers a terminal is told in one plain line", "[config]") {
  const SettingsOutcome outcome = load_settings({}, {{"TOOLPOST_LO\x1b[31m\n\xff__LEVEL", "info"}});
  CHECK(told(outcome) ==
        "environment: TOOLPOST_LO?[31m??__LEVEL: the name of a variable has letters, digits and '_' only");
}
