// A plugin in a real worker asks a real host about a real repository.
#include <sys/stat.h>

#include "runtime_world.hpp"
#include "toolpost/plugin.h"

using namespace toolpost;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

/// A folder with the repository "repo" in it: one commit, and one change since.
struct GitRoot {
  GitRoot() {
    static int roots = 0;
    path = fs::canonical(fs::temp_directory_path()) /
           ("toolpost_git_root_" + std::to_string(getpid()) + "_" + std::to_string(++roots));
    fs::create_directories(path / "repo");
    const std::string command =
        "cd '" + (path / "repo").string() +
        "' && git init -q -b main && echo before >a.txt && git add a.txt && git -c user.name=Ada "
        "-c user.email=ada@example.org commit -q -m first && echo after >a.txt";
    REQUIRE(std::system(command.c_str()) == 0);
  }
  ~GitRoot() { fs::remove_all(path); }
  GitRoot(const GitRoot&) = delete;
  GitRoot& operator=(const GitRoot&) = delete;

  Settings settings(const std::vector<std::string>& grant) const {
    Settings settings;
    settings.files.roots = {path.string()};
    settings.plugins["test.asking_git"].grant = grant;
    return settings;
  }
  std::string ask(const char* kind, const std::string& at) const {
    return json{{"kind", kind}, {"request", {{"path", (path / at).string()}}}}.dump();
  }
  fs::path path;
};

const std::vector<std::string> kPlugin = {"tests/plugins/asking_git.so"};

}  // namespace

TEST_CASE("git effect: a plugin with the grant gets repositories, changes and history", "[runtime][git]") {
  const GitRoot root;
  RuntimeWorld world(kPlugin, root.settings({"git.repositories", "git.changes", "git.log"}));
  REQUIRE(world.call("asking_git", root.ask("git.repositories", "")).code == Errc::ok);
  CHECK(world.reply("asking_git")["result"]["repositories"][0]["path"] == (root.path / "repo").string());
  REQUIRE(world.call("asking_git", root.ask("git.changes", "repo")).code == Errc::ok);
  const json changes = world.reply("asking_git")["result"];
  CHECK(changes["branch"] == "main");
  CHECK(changes["files"][0]["diff"].get<std::string>().find("-before\n+after\n") != std::string::npos);
  REQUIRE(world.call("asking_git", root.ask("git.log", "repo")).code == Errc::ok);
  CHECK(world.reply("asking_git")["result"]["entries"][0]["summary"] == "first");
}

TEST_CASE("git effect: without the grant, and outside the roots, it is refused", "[runtime][git]") {
  const GitRoot root;
  RuntimeWorld world(kPlugin, root.settings({"git.log"}));
  REQUIRE(world.call("asking_git", root.ask("git.changes", "repo")).code == Errc::ok);
  CHECK(world.reply("asking_git")["status"] == TOOLPOST_PERMISSION);
  CHECK(world.reply("asking_git")["message"].get<std::string>().find("git.changes") != std::string::npos);
  REQUIRE(world.call("asking_git", R"({"kind":"git.log","request":{"path":"/etc"}})").code == Errc::ok);
  CHECK(world.reply("asking_git")["status"] == TOOLPOST_PERMISSION);
  REQUIRE(world.call("asking_git", root.ask("git.log", "")).code == Errc::ok);
  CHECK(world.reply("asking_git")["status"] == TOOLPOST_NOT_FOUND);
}

TEST_CASE("git effect: a call that ends takes its process along, and time_max holds", "[runtime][git]") {
  const GitRoot root;
  fs::remove(root.path / "repo/.git/index");
  REQUIRE(mkfifo((root.path / "repo/.git/index").c_str(), 0600) ==
          0);  // nobody writes, so reading never ends
  Settings settings = root.settings({"git.changes"});
  settings.git.time_max = 200ms;
  {
    RuntimeWorld world(kPlugin, settings);
    REQUIRE(world.call("asking_git", root.ask("git.changes", "repo")).code == Errc::ok);
    CHECK(world.reply("asking_git")["status"] == TOOLPOST_DEADLINE);
  }
  settings.git.time_max = 60s;
  settings.plugins["test.asking_git"].ceiling = 300ms;
  {
    RuntimeWorld world(kPlugin, settings);
    CHECK(world.call("asking_git", root.ask("git.changes", "repo")).code == Errc::deadline);
  }
  CHECK(children_of(getpid()).empty());
}
