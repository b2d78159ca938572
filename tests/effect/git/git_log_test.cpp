#include "git_world.hpp"

using namespace toolpost;
using nlohmann::json;

TEST_CASE("git.log: commits stand newest first, with an author and a time", "[effect][git]") {
  GitWorld world;
  world.init();
  world.write("allowed/repo/a.txt", "second\n");
  world.shell(world.repo,
              "GIT_COMMITTER_DATE=2026-02-03T00:00:00Z git commit -q -a -m \"second line\n\nand a body\"");
  const json answer = world.ask("git.log", {{"path", world.repo}});
  REQUIRE(answer["entries"].size() == 2);
  CHECK(answer["truncated"] == false);
  const json& newest = answer["entries"][0];
  CHECK(newest["summary"] == "second line");
  CHECK(newest["author"] == "Ada");
  CHECK(newest["time_ms"] == 1770076800000);
  CHECK(newest["id"].get<std::string>().size() == 40);
  CHECK(answer["entries"][1]["summary"] == "first");
}

TEST_CASE("git.log: max_entries bounds it from both sides", "[effect][git]") {
  GitWorld world;
  world.init();
  world.git("commit -q --allow-empty -m second");
  const json both = world.ask("git.log", {{"path", world.repo}, {"max_entries", 2}});
  CHECK(both["entries"].size() == 2);
  CHECK(both["truncated"] == false);
  const json one = world.ask("git.log", {{"path", world.repo}, {"max_entries", 1}});
  CHECK(one["entries"].size() == 1);
  CHECK(one["truncated"] == true);
}

TEST_CASE("git.log: of one file, only what changed it", "[effect][git]") {
  GitWorld world;
  world.init();
  world.write("allowed/repo/src/b.txt", "changed\n");
  world.git("commit -q -a -m second");
  world.write("allowed/repo/a.txt", "changed\n");
  world.git("commit -q -a -m third");
  const auto of = [&](const std::string& file) {
    return world.ask("git.log", {{"path", world.repo}, {"file", file}})["entries"];
  };
  REQUIRE(of("src/b.txt").size() == 2);
  CHECK(of("src/b.txt")[0]["summary"] == "second");
  CHECK(of("./src//b.txt").size() == 2);
  CHECK(of("a.txt").size() == 2);
  CHECK(of("src").size() == 2);
  CHECK(of("missing.txt").empty());
  CHECK(world.refusal("git.log", {{"path", world.repo}, {"file", ".env"}}).code == Errc::permission);
  CHECK(world.refusal("git.log", {{"path", world.repo}, {"file", "src/id_rsa"}}).code == Errc::permission);
}

TEST_CASE("git.log: packed repositories and shallow clones are read as far as they go", "[effect][git]") {
  GitWorld world;
  world.init();
  world.git("commit -q --allow-empty -m second");
  world.git("gc -q");
  CHECK(world.ask("git.log", {{"path", world.repo}})["entries"].size() == 2);
  world.shell(world.root, "git clone -q --depth 1 file://" + world.repo + " shallow");
  const json shallow = world.ask("git.log", {{"path", world.root + "/shallow"}});
  CHECK(shallow["entries"].size() == 1);
  CHECK(shallow["truncated"] == true);
}
