// The files in config/ and docs/config.md are what the code says.
#include <fstream>
#include <sstream>

#include "catch.hpp"
#include "config/settings_load.hpp"
#include "config/settings_print.hpp"

using namespace toolpost;

namespace {

std::string content(const std::string& path) {
  std::ifstream in(std::string(TOOLPOST_SOURCE_DIR) + "/" + path);
  REQUIRE(in.good());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Settings loaded(const std::string& path) {
  const SettingsOutcome outcome = load_settings({{path, content(path)}});
  for (const ConfigProblem& problem : outcome.problems) UNSCOPED_INFO(to_string(problem));
  REQUIRE(outcome.loaded);
  CHECK(outcome.loaded->warnings.empty());
  return outcome.loaded->settings;
}

}  // namespace

TEST_CASE("config files: toolpost.toml is what the code prints; if this fails, print it anew", "[config]") {
  CHECK(content("config/toolpost.toml") == default_toml());
}

TEST_CASE("config files: docs/config.md is what the code prints; if this fails, print it anew", "[config]") {
  CHECK(content("docs/config.md") == settings_markdown());
}

TEST_CASE("config files: toolpost.toml changes no default", "[config]") {
  CHECK(print_toml(loaded("config/toolpost.toml")) == print_toml(Settings{}));
}

TEST_CASE("config files: minimal.toml sets up one provider in five lines", "[config]") {
  const Settings settings = loaded("config/minimal.toml");
  REQUIRE(settings.providers.size() == 1);
  CHECK(settings.providers.at("local").base_url == "http://127.0.0.1:8000/v1");
  CHECK(settings.providers.at("local").plugin == "openai");
  std::istringstream lines(content("config/minimal.toml"));
  int count = 0;
  for (std::string line; std::getline(lines, line);) ++count;
  CHECK(count == 5);
}

TEST_CASE("config files: hardened.toml loosens nothing", "[config]") {
  const Settings hard = loaded("config/hardened.toml");
  const Settings soft;
  CHECK(hard.isolation.min_level == 3);
  CHECK(hard.isolation.level_max == 4);
  CHECK(hard.workers.reuse == "call");
  CHECK(hard.limits.message_bytes_max < soft.limits.message_bytes_max);
  CHECK(hard.limits.output_bytes_max < soft.limits.output_bytes_max);
  CHECK(hard.turns.turn_max < soft.turns.turn_max);
  CHECK(hard.admission.calls_max < soft.admission.calls_max);
  CHECK(hard.files.total_bytes_max < soft.files.total_bytes_max);
  CHECK(hard.http.redirects_max == 0);
  CHECK_FALSE(hard.files.deny.empty());
}
