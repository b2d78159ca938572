#include "config/config_paths.hpp"

#include "catch.hpp"

using namespace toolpost;

namespace {
std::vector<std::string> paths(const EnvironmentMap& environment, std::optional<std::string> given = {}) {
  std::vector<std::string> list;
  for (const ConfigFile& file : config_files(environment, given)) list.push_back(file.path);
  return list;
}
using Paths = std::vector<std::string>;
}  // namespace

TEST_CASE("config paths: system, user and given file, in this order", "[config]") {
  CHECK(paths({{"HOME", "/home/ann"}}, "x.toml") ==
        Paths{"/etc/toolpost/toolpost.toml", "/home/ann/.config/toolpost/toolpost.toml", "x.toml"});
  CHECK(paths({{"HOME", "/home/ann"}, {"XDG_CONFIG_HOME", "/cfg/"}}) ==
        Paths{"/etc/toolpost/toolpost.toml", "/cfg/toolpost/toolpost.toml"});
}

TEST_CASE("config paths: only the given file must exist", "[config]") {
  const auto files = config_files({{"HOME", "/h"}}, "x.toml");
  REQUIRE(files.size() == 3);
  CHECK(files[0].presence == ConfigFile::Presence::optional);
  CHECK(files[1].presence == ConfigFile::Presence::optional);
  CHECK(files[2].presence == ConfigFile::Presence::required);
}

TEST_CASE("config paths: relative or empty variables are ignored", "[config]") {
  CHECK(paths({{"HOME", ""}, {"XDG_CONFIG_HOME", "cfg"}}) == Paths{"/etc/toolpost/toolpost.toml"});
  CHECK(paths({{"HOME", "/h"}, {"XDG_CONFIG_HOME", "cfg"}}) ==
        Paths{"/etc/toolpost/toolpost.toml", "/h/.config/toolpost/toolpost.toml"});
  CHECK(paths({{"HOME", "/"}}) == Paths{"/etc/toolpost/toolpost.toml", "/.config/toolpost/toolpost.toml"});
}

TEST_CASE("config paths: state and plugin folders follow XDG, then HOME, else say what to set", "[config]") {
  CHECK(default_state_dir({{"XDG_STATE_HOME", "/s"}, {"HOME", "/h"}}).value() == "/s/toolpost");
  CHECK(default_state_dir({{"HOME", "/h"}}).value() == "/h/.local/state/toolpost");
  CHECK(default_plugin_folder({{"XDG_DATA_HOME", "/d"}}).value() == "/d/toolpost/plugins");
  CHECK(default_plugin_folder({{"HOME", "/h"}}).value() == "/h/.local/share/toolpost/plugins");
  const auto none = default_state_dir({});
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Errc::invalid_config);
  CHECK(none.error().message ==
        "the state folder is unknown: neither XDG_STATE_HOME nor HOME is an absolute path; "
        "set one of them, or store.state_dir");
  CHECK_FALSE(default_plugin_folder({{"HOME", "relative"}}));
}
