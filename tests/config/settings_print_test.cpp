#include "config/settings_print.hpp"

#include <sstream>

#include "catch.hpp"
#include "config/setting_value.hpp"
#include "config/settings_load.hpp"
#include "config/settings_schema.hpp"

using namespace toolpost;

namespace {

Settings reload(const std::string& text) {
  const SettingsOutcome outcome = load_settings({{"printed", text}});
  for (const ConfigProblem& problem : outcome.problems) UNSCOPED_INFO(to_string(problem));
  REQUIRE(outcome.loaded);
  return outcome.loaded->settings;
}

template <typename Owner>
void check_defaults(std::span<const Setting<Owner>> table) {
  Owner owner;
  for (const Setting<Owner>& setting : table) {
    INFO(setting.spec.section << "." << setting.spec.key);
    CHECK(value_text(setting.spec, setting.slot(owner)) == setting.spec.default_value);
    CHECK(setting.spec.meaning.ends_with('.'));
  }
}

}  // namespace

TEST_CASE("settings schema: defaults in the table are those of the structs", "[config]") {
  check_defaults(host_settings());
  check_defaults(provider_settings());
  check_defaults(plugin_settings());
}

TEST_CASE("settings schema: no setting stands twice and each section has one", "[config]") {
  std::map<std::string, int> seen;
  std::map<std::string, int> sections;
  for (const Setting<Settings>& setting : host_settings()) {
    ++seen[std::string(setting.spec.section) + "." + std::string(setting.spec.key)];
    ++sections[std::string(setting.spec.section)];
  }
  for (const auto& [name, count] : seen) CHECK((count == 1 || name.empty()));
  CHECK(sections.size() == section_specs().size());
  for (const SectionSpec& section : section_specs()) CHECK(sections.count(std::string(section.name)) == 1);
}

TEST_CASE("settings schema: no two settings share a slot", "[config]") {
  Settings settings;
  std::map<const void*, std::string_view> slots;
  for (const Setting<Settings>& setting : host_settings()) {
    const void* at = std::visit([](auto* slot) -> const void* { return slot; }, setting.slot(settings));
    INFO(setting.spec.section << "." << setting.spec.key);
    CHECK(slots.emplace(at, setting.spec.key).second);
  }
}

TEST_CASE("settings schema: every byte of Settings that is data belongs to a setting", "[config]") {
  // A new field of a struct without a row in the table makes these sums differ.
  Settings settings;
  std::map<std::string, std::size_t> bytes;
  for (const Setting<Settings>& setting : host_settings())
    bytes[std::string(setting.spec.section)] +=
        std::visit([](auto* slot) { return sizeof *slot; }, setting.slot(settings));
  const auto covers = [&](const char* section, std::size_t size) {
    INFO(section);
    CHECK(bytes.at(section) <= size);
    CHECK(size - bytes.at(section) < 2 * sizeof(std::uint64_t));  // padding
  };
  covers("limits", sizeof(LimitSettings));
  covers("ceilings", sizeof(CeilingSettings));
  covers("ceilings_long", sizeof(CeilingSettings));
  covers("deadlines", sizeof(DeadlineSettings));
  covers("turns", sizeof(TurnSettings));
  covers("admission", sizeof(AdmissionSettings));
  covers("retry", sizeof(RetrySettings));
  covers("breaker", sizeof(BreakerSettings));
  covers("workers", sizeof(WorkerSettings));
  covers("isolation", sizeof(IsolationSettings));
  covers("files", sizeof(FileSettings));
  covers("git", sizeof(GitSettings));
  covers("http", sizeof(HttpSettings));
  covers("store", sizeof(StoreSettings));
  covers("resume", sizeof(ResumeSettings));
  covers("log", sizeof(LogSettings));
  CHECK(host_settings().size() == 129);
}

TEST_CASE("settings print: the defaults load back to the defaults", "[config]") {
  CHECK(print_toml(reload(default_toml())) == print_toml(Settings{}));
  CHECK(print_toml(reload(print_toml(Settings{}))) == print_toml(Settings{}));
}

TEST_CASE("settings print: the commented examples load once uncommented", "[config]") {
  std::istringstream lines(default_toml());
  std::string text;
  bool example = false;
  for (std::string line; std::getline(lines, line);) {
    example = example || line.starts_with("# Providers:");
    if (!example) continue;
    if (line.starts_with("# [") || line.starts_with("#   ")) line.erase(0, 1);
    text += line + "\n";
  }
  const Settings settings = reload(text);
  REQUIRE(settings.providers.count("example") == 1);
  REQUIRE(settings.plugins.count("org.example.review") == 1);
  CHECK(settings.providers.at("example").config_json == R"({"temperature":0.2})");
  CHECK(settings.plugins.at("org.example.review").calls_max == 4u);
}

TEST_CASE("settings print: what is in force loads back, whatever it holds", "[config]") {
  Settings settings;
  settings.locale = "pt-BR";
  settings.retry.budget_refund = 0.125;
  settings.ceilings.provider = Millis{0};
  settings.files.roots = {"/a b", "/quote\"back\\slash"};
  settings.providers["one"].base_url = "https://api.example.com/v1";
  settings.providers["one"].key = SecretSource{"ONE_KEY", ""};
  settings.providers["one"].ceiling = Millis{1234};
  settings.providers["two"].base_url = "http://[::1]:8080";
  settings.providers["two"].key = SecretSource{"", "/run/keys/two"};
  settings.plugins["org.example.echo"].config_json = R"({"a, b: c":[1,-2.5,true,{"x":"q\"\\:,\n"}],"e":{}})";
  settings.plugins["org.example.echo"].enabled = false;
  const std::string text = print_toml(settings);
  const Settings again = reload(text);
  CHECK(print_toml(again) == text);
  CHECK(again.plugins.at("org.example.echo").config_json == settings.plugins["org.example.echo"].config_json);
  CHECK(again.files.roots == settings.files.roots);
  CHECK(again.providers.at("one").ceiling == Millis{1234});
  CHECK_FALSE(again.providers.at("two").ceiling);
}

TEST_CASE("settings print: a secret appears by its source alone", "[config]") {
  Settings settings;
  settings.providers["one"].key = SecretSource{"ONE_KEY", ""};
  CHECK(print_toml(settings).find("key = { env = \"ONE_KEY\" }\n") != std::string::npos);
}

TEST_CASE("settings print: the page names every setting, unit and range", "[config]") {
  const std::string page = settings_markdown();
  for (const Setting<Settings>& setting : host_settings())
    CHECK(page.find("| `" + std::string(setting.spec.key) + "` |") != std::string::npos);
  CHECK(page.find("| `turn_max_ms` | `5_000` (5 s) | milliseconds, 10..600,000 |") != std::string::npos);
  CHECK(page.find("| `window_ratio` | `0.5` | number, 0.01..1 |") != std::string::npos);
}
