// The files in config/ and docs/config.md are what the code says.
#include <fstream>
#include <sstream>

#include "catch.hpp"
#include "config/config_profiles.hpp"
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

TEST_CASE("config files: the profiles are what the code prints; if this fails, print them anew", "[config]") {
  for (const std::string& name : config_profile_names()) {
    CAPTURE(name);
    CHECK(content("config/" + name + ".toml") == config_profile(name).value());
  }
}

TEST_CASE("config files: a profile that is not there is answered with those that are", "[config]") {
  CHECK(config_profile("hardend").error().message ==
        "there is no profile \"hardend\"; there are minimal, hardened and container; did you mean hardened?");
}

TEST_CASE("config files: container.toml names places to mount and fits a small machine", "[config]") {
  const Settings contained = loaded("config/container.toml");
  const Settings usual;
  CHECK(contained.store.state_dir == "/var/lib/toolpost");
  CHECK(contained.files.roots == std::vector<std::string>{"/work"});
  CHECK(contained.plugin_folders == std::vector<std::string>{"/opt/toolpost/plugins"});
  CHECK(contained.workers.total_max < usual.workers.total_max);
  CHECK(contained.workers.memory_bytes_max < usual.workers.memory_bytes_max);
  CHECK(contained.isolation.min_level >= 2);
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
  // Each line of the profile is still a setting.
  std::istringstream lines(content("config/hardened.toml"));
  int count = 0;
  for (std::string line; std::getline(lines, line);) count += line.find(" = ") != std::string::npos ? 1 : 0;
  CHECK(count == 39);
}
