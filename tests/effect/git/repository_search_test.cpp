#include "effect/git/repository_search.hpp"
#include "git_world.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

json found(GitWorld& world, json request = json::object()) {
  if (!request.contains("path")) request["path"] = world.root;
  const json answer = world.ask("git.repositories", request);
  json paths = json::array();
  for (const json& one : answer["repositories"]) paths.push_back(one["path"]);
  return paths;
}

}  // namespace

TEST_CASE("git.repositories: finds them by names, to a depth", "[effect][git]") {
  GitWorld world;
  world.write("allowed/repo/.git/HEAD", "");
  world.write("allowed/a/b/worktree/.git", "gitdir: /elsewhere\n");
  world.write("allowed/a/bare.git/HEAD", "");
  world.write("allowed/a/bare.git/objects/x", "");
  world.write("allowed/a/bare.git/refs/x", "");
  world.write("allowed/repo/nested/.git/HEAD", "");
  CHECK(found(world) ==
        json{world.root + "/a/b/worktree", world.root + "/a/bare.git", world.repo, world.repo + "/nested"});
  CHECK(found(world, {{"depth_max", 1}}) == json{world.repo});
  CHECK(found(world, {{"depth_max", 0}}).empty());
  CHECK(found(world, {{"path", world.repo}, {"depth_max", 0}}) == json{world.repo});
  CHECK(found(world, {{"path", "a/b"}}) == json{world.root + "/a/b/worktree"});
}

TEST_CASE("git.repositories: links, protected and generated folders are not entered", "[effect][git]") {
  GitWorld world;
  world.write("outside/repo/.git/HEAD", "");
  world.link(world.top + "/outside", "allowed/link");
  world.link(world.top + "/outside/repo/.git", "allowed/repo/.git");
  world.write("allowed/.ssh/repo/.git/HEAD", "");
  world.write("allowed/node_modules/repo/.git/HEAD", "");
  CHECK(found(world).empty());
  CHECK(world.refusal("git.repositories", {{"path", world.top + "/outside"}}).code == Errc::permission);
  CHECK(world.refusal("git.repositories", {{"path", world.root + "/missing"}}).code == Errc::not_found);
}

TEST_CASE("git.repositories: 200 of them, and not one more", "[effect][git]") {
  GitWorld world;
  for (std::size_t i = 0; i < kRepositoriesMax; ++i)
    world.write("allowed/r" + std::to_string(i) + "/.git/HEAD", "");
  json answer = world.ask("git.repositories", {{"path", world.root}});
  CHECK(answer["repositories"].size() == kRepositoriesMax);
  CHECK(answer["truncated"] == false);
  world.write("allowed/s/.git/HEAD", "");
  answer = world.ask("git.repositories", {{"path", world.root}});
  CHECK(answer["repositories"].size() == kRepositoriesMax);
  CHECK(answer["truncated"] == true);
}
