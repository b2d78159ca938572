// `toolpost config` as an operator meets it: which file wins, what is wrong, where a value comes from.
#include <nlohmann/json.hpp>

#include "program.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

/// The line of `text` that begins with `begin`.
std::string line_of(const std::string& text, const std::string& begin) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(begin)) return line;
  return "";
}

}  // namespace

TEST_CASE("config command: the user's file, then --config, then the environment; each value says which",
          "[cli][config]") {
  ProgramHome home;
  const std::string user =
      home.configure("[limits]\ndepth_max = 10\nkeys_max = 20\n[log]\nlevel = \"warn\"\n");
  const std::string given = home.write("given.toml", "[limits]\n\nkeys_max = 21\n");
  home.set("TOOLPOST_LOG__LEVEL", "error");
  const Ended ended = home.run({"--config", given, "config", "print", "--explain"});
  CHECK(ended.status == 0);
  CHECK(line_of(ended.out, "depth_max") == "depth_max = 10  # " + user + ":2");
  CHECK(line_of(ended.out, "keys_max") == "keys_max = 21  # " + given + ":3");
  CHECK(line_of(ended.out, "level =") == "level = \"error\"  # environment TOOLPOST_LOG__LEVEL");
  CHECK(line_of(ended.out, "nodes_max") == "nodes_max = 200_000  # default");
}

TEST_CASE("config command: XDG_CONFIG_HOME moves the user's file", "[cli][config]") {
  ProgramHome home;
  home.configure("[limits]\ndepth_max = 10\n");
  home.write("elsewhere/toolpost/toolpost.toml", "[limits]\ndepth_max = 12\n");
  home.set("XDG_CONFIG_HOME", home.path() + "/elsewhere");
  CHECK(line_of(home.run({"config", "print"}).out, "depth_max") == "depth_max = 12");
}

TEST_CASE("config command: check names the files, or all that is wrong with status 2", "[cli][config]") {
  ProgramHome home;
  const Ended bare = home.run({"config", "check"});
  CHECK(bare.status == 0);
  CHECK(bare.out == "the configuration is good; read: the environment\n");
  const std::string user = home.configure("[limits]\ndept_max = 5\n[retry]\nattempts_max = 0\n");
  const Ended wrong = home.run({"config", "check"});
  CHECK(wrong.status == 2);
  CHECK(wrong.out.empty());
  CHECK(
      wrong.err ==
      user + ":2:1: unknown setting limits.dept_max; did you mean limits.depth_max?\n" + user +
          ":4:1: retry.attempts_max must be a whole number (attempts) in 1..10, found the whole number 0\n");
  const json told = json::parse(home.run({"config", "check", "--json"}).out);
  CHECK(told["good"] == false);
  REQUIRE(told["problems"].size() == 2);
  CHECK(told["problems"][0]["file"] == user);
  CHECK(told["problems"][0]["line"] == 2);
  CHECK(told["problems"][0]["column"] == 1);
}

TEST_CASE("config command: what the plugins do not take is told together with what is wrong by itself",
          "[cli][config]") {
  ProgramHome home;
  const std::string user = home.configure(
      "[limits]\ndept_max = 5\n[providers.one]\nbase_url = \"https://one.example\"\nplugin = \"opnai\"\n");
  const Ended wrong = home.run({"config", "check"});
  CHECK(wrong.status == 2);
  CHECK(wrong.err.find(user + ":2:1: unknown setting limits.dept_max") != std::string::npos);
  CHECK(wrong.err.find("there is no provider plugin \"opnai\"; did you mean \"openai\"?") !=
        std::string::npos);
}

TEST_CASE("config command: check warns of a key that is not there, and runs no program for one",
          "[cli][config]") {
  ProgramHome home;
  const std::string ran = home.path() + "/ran";
  const std::string user = home.configure(
      "[providers.one]\nbase_url = \"https://one.example\"\nkey = { env = \"ONE_KEY\" }\n"
      "[providers.two]\nbase_url = \"https://two.example\"\nkey = { command = [\"/usr/bin/touch\", \"" +
      ran + "\"] }\n");
  const Ended warned = home.run({"config", "check"});
  CHECK(warned.status == 0);
  CHECK(warned.err ==
        user +
            ":3: providers.one.key: the environment variable ONE_KEY is not set; set it to the key, "
            "or use key = { file = ... }; until then it cannot be asked\n");
  CHECK_FALSE(std::filesystem::exists(ran));
  home.set("ONE_KEY", "k");
  CHECK(home.run({"config", "check"}).err.empty());
}

TEST_CASE("config command: a file that is there and cannot be read is not passed over", "[cli][config]") {
  ProgramHome home;
  const std::string folder = home.path() + "/.config/toolpost/toolpost.toml";
  std::filesystem::create_directories(folder);
  const Ended ended = home.run({"config", "check"});
  CHECK(ended.status == 2);
  CHECK(ended.err == folder + ": the configuration file is not a regular file\n");
  const Ended none = home.run({"--config", home.path() + "/none.toml", "config", "print"});
  CHECK(none.status == 2);
  CHECK(none.err.find("/none.toml: the configuration file is not there; --config names it\n") !=
        std::string::npos);
}

TEST_CASE("config command: a file of a mebibyte and a byte is refused, and one of a mebibyte read",
          "[cli][config]") {
  ProgramHome home;
  home.configure("#" + std::string((1 << 20) - 1, 'x'));
  CHECK(home.run({"config", "check"}).status == 0);
  home.configure("#" + std::string(1 << 20, 'x'));
  const Ended ended = home.run({"config", "check"});
  CHECK(ended.status == 2);
  CHECK(ended.err.ends_with("the file is larger than 1 MiB; a configuration never is\n"));
}

TEST_CASE("config command: programs get every value with its origin", "[cli][config]") {
  ProgramHome home;
  home.set("TOOLPOST_LIMITS__DEPTH_MAX", "9");
  const json values = json::parse(home.run({"config", "print", "--json"}).out);
  bool seen = false;
  for (const json& one : values) {
    if (one["name"] != "limits.depth_max") continue;
    seen = true;
    CHECK(one["value"] == 9);
    CHECK(one["origin"]["variable"] == "TOOLPOST_LIMITS__DEPTH_MAX");
  }
  CHECK(seen);
}

TEST_CASE("config command: prints the files of config/, the page of docs/ and the defaults",
          "[cli][config]") {
  ProgramHome home;
  const std::string top = TOOLPOST_SOURCE_DIR;
  for (const char* profile : {"minimal", "hardened", "container"})
    CHECK(home.run({"config", "print", "--profile", profile}).out ==
          content_of(top + "/config/" + profile + ".toml"));
  CHECK(home.run({"config", "print", "--defaults"}).out == content_of(top + "/config/toolpost.toml"));
  CHECK(home.run({"config", "print", "--markdown"}).out == content_of(top + "/docs/config.md"));
  const Ended wrong = home.run({"config", "print", "--profile", "contaner"});
  CHECK(wrong.status == 2);
  CHECK(wrong.err.find("did you mean container?") != std::string::npos);
  CHECK(home.run({"config", "print", "--defaults", "--explain"}).status == 2);
}
