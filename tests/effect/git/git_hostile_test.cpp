// Repositories that want more than to be read: none may run anything, lead anywhere else or keep the host
// waiting.
#include "git_world.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

namespace fs = std::filesystem;

constexpr const char* kRan = "ran";  // what a command of a hostile repository leaves behind, beneath `top`

/// A script that leaves its mark, outside the repository's folder too.
void write_trap(const GitWorld& world) {
  world.write("trap.sh", "#!/bin/sh\ntouch " + world.top + "/" + kRan + "\ncat\n");
  world.shell(world.top, "chmod +x trap.sh");
}

void check_nothing_ran(const GitWorld& world) {
  CHECK_FALSE(fs::exists(world.top + "/" + kRan));
}

}  // namespace

TEST_CASE("git: a repository's hooks, filters, fsmonitor, textconv and external diffs never run",
          "[effect][git][hostile]") {
  GitWorld world;
  world.init();
  write_trap(world);
  const std::string trap = world.top + "/trap.sh";
  world.write("allowed/repo/.gitattributes", "*.txt filter=evil diff=evil merge=evil\n");
  world.write("allowed/repo/a.txt", "changed\n");
  for (const char* hook : {"post-checkout", "pre-commit", "fsmonitor-watchman", "post-index-change"}) {
    world.write(std::string("allowed/repo/.git/hooks/") + hook,
                "#!/bin/sh\ntouch " + world.top + "/" + kRan + "\n");
    world.shell(world.repo, std::string("chmod +x .git/hooks/") + hook);
  }
  world.write("allowed/repo/.git/config",
              "[core]\n repositoryformatversion = 0\n fsmonitor = " + trap + "\n pager = " + trap +
                  "\n sshCommand = " + trap + "\n hooksPath = " + world.top +
                  "\n[filter \"evil\"]\n clean = " + trap + "\n smudge = " + trap + "\n process = " + trap +
                  "\n required = true\n[diff \"evil\"]\n textconv = " + trap + "\n command = " + trap +
                  "\n[diff]\n external = " + trap + "\n[credential]\n helper = " + trap + "\n");
  const json answer = world.changes({{"untracked", true}, {"compare_to", "main"}});
  CHECK(file_of(answer, "a.txt", "unstaged")["diff"].get<std::string>().find("+changed") !=
        std::string::npos);
  CHECK(world.ask("git.log", {{"path", world.repo}})["entries"].size() == 1);
  check_nothing_ran(world);
  // The same repository does run its trap under git itself, so the test would see it.
  world.shell(world.repo, "git status >/dev/null || true");
  CHECK(fs::exists(world.top + "/" + kRan));
}

TEST_CASE("git: the repository's configuration is never read, whatever it includes or claims",
          "[effect][git][hostile]") {
  GitWorld world;
  world.init();
  world.write("allowed/repo/a.txt", "changed\n");
  world.write("outside/config", "[core]\n worktree = " + world.top + "/outside\n");
  world.write("outside/secret.txt", kOutsideSecret);
  for (const std::string& config :
       {"[include]\n path = " + world.top + "/outside/config\n",
        "[core]\n worktree = " + world.top + "/outside\n",
        std::string(
            "[core]\n bare = true\n symlinks = false\n excludesFile = /etc/passwd\n attributesFile = /etc\n"),
        std::string("[broken\n = = =\n\xff\n"), std::string("[include]\n path = config\n")}) {
    world.write("allowed/repo/.git/config", config);
    const json answer = world.changes({{"untracked", true}});
    CHECK(answer["root"] == world.repo);
    CHECK(answer["files"].size() == 1);
    CHECK(answer.dump().find(kOutsideSecret) == std::string::npos);
  }
  world.write("allowed/repo/.git/config", "[extensions]\n\tobjectFormat = \"sha256\"\n");
  CHECK(world.refusal("git.changes", {{"path", world.repo}}).code == Errc::unsupported);
  world.write("allowed/repo/.git/config", "[extensions]\n\trefStorage = reftable\n");
  const Error reftable = world.refusal("git.log", {{"path", world.repo}});
  CHECK(reftable.code == Errc::unsupported);
  CHECK(reftable.message.find("reftable") != std::string::npos);
}

TEST_CASE("git: the user's and the system's configuration are never read", "[effect][git][hostile]") {
  GitWorld world;
  world.init();
  world.write(".gitconfig", "[broken\n");
  world.write(".config/git/ignore", "*\n");
  world.write("allowed/repo/new.txt", "new\n");
  setenv("HOME", world.top.c_str(), 1);
  setenv("GIT_DIR", "/nowhere", 1);
  const json answer = world.changes({{"untracked", true}});
  unsetenv("GIT_DIR");
  CHECK_FALSE(file_of(answer, "new.txt", "untracked").is_null());
}

TEST_CASE("git: links in the working files are shown as links, and what they lead to is not read",
          "[effect][git][hostile]") {
  GitWorld world;
  world.init();
  world.write("outside/secret.txt", kOutsideSecret);
  world.write("allowed/repo/.env", kOutsideSecret);
  world.git("config core.symlinks false");
  world.link(world.top + "/outside/secret.txt", "allowed/repo/to_file");
  world.link(world.top + "/outside", "allowed/repo/to_folder");
  world.link(".env", "allowed/repo/to_env");
  world.remove("allowed/repo/a.txt");
  world.link(world.top + "/outside/secret.txt", "allowed/repo/a.txt");
  world.remove("allowed/repo/src");
  world.link(world.top + "/outside", "allowed/repo/src");
  world.write("outside/b.txt", kOutsideSecret);
  const json answer = world.changes({{"untracked", true}});
  CHECK(answer.dump().find(kOutsideSecret) == std::string::npos);
  CHECK(file_of(answer, "to_env", "untracked")["diff"].get<std::string>().find("+.env") != std::string::npos);
  CHECK(file_of(answer, "src/b.txt", "unstaged")["status"] == "deleted");
}

TEST_CASE("git: borrowed objects are refused, and are not read even unnoticed", "[effect][git][hostile]") {
  GitWorld world;
  world.init();
  world.shell(world.top, "git clone -q --shared allowed/repo outside/repo && mv allowed/repo outside/lender");
  world.shell(world.top, "mv outside/repo allowed/repo");
  world.write("allowed/repo/.git/objects/info/alternates", world.top + "/outside/lender/.git/objects\n");
  world.git("log -1");  // git itself follows it
  const Error refused = world.refusal("git.log", {{"path", world.repo}});
  CHECK(refused.code == Errc::permission);
  CHECK(refused.message.find("git repack -a -d") != std::string::npos);
}

TEST_CASE("git: a .git that is a link or leads out of the roots is refused", "[effect][git][hostile]") {
  GitWorld world;
  world.init();
  world.shell(world.top, "mv allowed/repo/.git outside/real");
  const auto refusal = [&] { return world.refusal("git.changes", {{"path", world.repo}}); };
  world.link(world.top + "/outside/real", "allowed/repo/.git");
  CHECK(refusal().code == Errc::permission);
  CHECK(refusal().message.find("symbolic link") != std::string::npos);
  world.remove("allowed/repo/.git");
  for (const std::string& target :
       {world.top + "/outside/real", std::string("../../outside/real"), world.root + "/../outside/real"}) {
    world.write("allowed/repo/.git", "gitdir: " + target + "\n");
    CHECK(refusal().code == Errc::permission);
    CHECK(refusal().message.find("outside the folders that tools may read") != std::string::npos);
  }
  world.link(world.top + "/outside/real", "allowed/through");
  world.write("allowed/repo/.git", "gitdir: ../through\n");
  CHECK(refusal().code == Errc::permission);
  world.write("allowed/repo/.git", "gitdir: ../missing\n");
  CHECK(refusal().code == Errc::not_found);
  world.write("allowed/repo/.git", "nonsense\n");
  CHECK(refusal().code == Errc::not_found);
  world.write("allowed/repo/.git", std::string(100'000, 'x'));
  CHECK(refusal().code == Errc::not_found);
  world.remove("allowed/repo/.git");
  world.fifo("allowed/repo/.git");
  CHECK(refusal().code == Errc::not_found);
}

TEST_CASE("git: objects and refs behind links are refused, and a commondir that leads out",
          "[effect][git][hostile]") {
  GitWorld world;
  world.init();
  world.shell(world.repo, "mv .git/objects " + world.top + "/outside/objects");
  world.link(world.top + "/outside/objects", "allowed/repo/.git/objects");
  const auto refusal = [&] { return world.refusal("git.log", {{"path", world.repo}}); };
  CHECK(refusal().code == Errc::permission);
  world.remove("allowed/repo/.git/objects");
  CHECK(refusal().code == Errc::not_found);
  world.write("allowed/repo/.git/commondir", world.top + "/outside\n");
  CHECK(refusal().code == Errc::permission);
  world.write("allowed/repo/.git/commondir", "");
  CHECK(refusal().code == Errc::not_found);
}

TEST_CASE("git: single objects behind links are out of reach, with Landlock and without",
          "[effect][git][hostile]") {
  GitWorld world;
  world.init();
  world.shell(world.repo, "mv .git/objects/?? " + world.top + "/outside/ && for one in " + world.top +
                              "/outside/??; do ln -s $one .git/objects/; done");
  world.git("log -1");  // git itself follows them
  CHECK(world.refusal("git.log", {{"path", world.repo}}).code == Errc::unavailable);
  world.settings.isolation.level_max = 2;
  world.start_service();
  const Error refused = world.refusal("git.log", {{"path", world.repo}});
  CHECK(refused.code == Errc::permission);
  CHECK(refused.message.find("is a symbolic link; without Landlock") != std::string::npos);
}

TEST_CASE("git: a worktree and a submodule work within the roots, and not beyond", "[effect][git]") {
  GitWorld world;
  world.init();
  world.git("worktree add -q ../tree -b topic");
  world.write("allowed/tree/a.txt", "in the tree\n");
  world.shell(world.root,
              "git init -q -b main big && cd big && git -c protocol.file.allow=always submodule add -q " +
                  world.repo + " part && git commit -q -m with");
  world.write("allowed/big/part/a.txt", "in the part\n");
  const json tree = world.changes({{"path", world.root + "/tree"}});
  CHECK(tree["branch"] == "topic");
  CHECK(file_of(tree, "a.txt", "unstaged")["diff"].get<std::string>().find("+in the tree") !=
        std::string::npos);
  const json part = world.changes({{"path", world.root + "/big/part"}});
  CHECK(file_of(part, "a.txt", "unstaged")["diff"].get<std::string>().find("+in the part") !=
        std::string::npos);
  // Seen from above, a submodule is not looked into.
  CHECK(world.changes({{"path", world.root + "/big"}, {"untracked", true}})["files"].empty());
  world.shell(world.root, "mkdir apart && mv tree apart/");
  world.root += "/apart";
  world.start_service();
  const Error refused = world.refusal("git.changes", {{"path", world.root + "/tree"}});
  CHECK(refused.code == Errc::permission);
  CHECK(refused.message.find("the \".git\" file of repository") != std::string::npos);
}

TEST_CASE("git: a submodule with a hostile .git is not followed", "[effect][git][hostile]") {
  GitWorld world;
  world.init();
  world.shell(world.root,
              "git init -q -b main big && cd big && git -c protocol.file.allow=always submodule add -q " +
                  world.repo + " part && git commit -q -m with");
  world.write("outside/secret.txt", kOutsideSecret);
  world.write("allowed/big/part/.git", "gitdir: " + world.top + "/outside\n");
  world.write("allowed/big/.gitmodules",
              "[submodule \"part\"]\n path = ../../outside\n url = ext::sh -c true\n");
  const json answer = world.changes({{"path", world.root + "/big"}, {"untracked", true}});
  CHECK(answer.dump().find(kOutsideSecret) == std::string::npos);
  CHECK_FALSE(file_of(answer, ".gitmodules", "unstaged").is_null());
}

TEST_CASE("git: many files and a huge diff stay within the answer's bounds", "[effect][git][hostile]") {
  GitWorld world;
  world.init();
  world.shell(world.repo, "mkdir many && cd many && seq 1 1500 | xargs touch && seq 1 60000 >numbers");
  world.git("add -A");
  world.git("commit -q -m many");
  world.shell(world.repo,
              "cd many && for i in $(seq 1 1500); do echo x >$i; done && seq 60001 120000 >numbers");
  const json answer = world.changes();
  CHECK(answer["files"].size() <= world.settings.git.files_max);
  CHECK(answer["files"].size() > 400);
  CHECK(answer["truncated"] == true);
  CHECK(answer.dump().size() <= world.settings.git.output_bytes_max + (64 << 10));
}

TEST_CASE("git: damaged repositories are errors, and the next one is read", "[effect][git][hostile]") {
  GitWorld world;
  world.init();
  world.shell(world.root, "cp -r repo sound");
  const auto damage = [&](const std::string& words, const char* kind = "git.changes") {
    world.shell(world.root, "rm -rf repo && cp -r sound repo");
    world.shell(world.repo, words);
    const Error error = world.refusal(kind, {{"path", world.repo}});
    CAPTURE(words, error.message);
    CHECK((error.code == Errc::unavailable || error.code == Errc::not_found));
    CHECK(error.message.find(kind) == 0);
  };
  damage("chmod -R u+w .git/objects && for one in .git/objects/*/*; do echo broken >$one; done");
  damage("chmod -R u+w .git/objects && for one in .git/objects/*/*; do : >$one; done", "git.log");
  damage(
      "chmod -R u+w .git/objects && for one in .git/objects/*/*; do head -c 1000 /dev/urandom >$one; done");
  damage("rm -rf .git/objects/*");
  damage("echo nonsense >.git/index");
  damage("head -c 60 .git/index >.git/index.cut && mv .git/index.cut .git/index");
  damage("printf \"DIRC\\0\\0\\0\\2\\377\\377\\377\\377\" >.git/index");
  damage("echo nonsense >.git/HEAD");
  damage("echo \"ref: refs/heads/../../../../etc/passwd\" >.git/HEAD", "git.log");
  damage("rm .git/HEAD");
  damage("echo 0123 >.git/refs/heads/main");
  CHECK(world.changes({{"path", world.root + "/sound"}})["branch"] == "main");
}

TEST_CASE("git: a file whose old content is damaged is omitted, the others are shown",
          "[effect][git][hostile]") {
  GitWorld world;
  world.init();
  world.shell(world.repo,
              "id=$(git rev-parse HEAD:a.txt); file=.git/objects/$(echo $id | cut -c1-2)/$(echo $id | cut "
              "-c3-); chmod u+w $file; echo broken >$file");
  world.write("allowed/repo/a.txt", "changed\n");
  world.write("allowed/repo/src/b.txt", "changed\n");
  const json answer = world.changes();
  REQUIRE(answer["omitted"].size() == 1);
  CHECK(answer["omitted"][0]["path"] == "a.txt");
  CHECK(answer["omitted"][0]["why"].get<std::string>().find("cannot be read") != std::string::npos);
  CHECK_FALSE(file_of(answer, "src/b.txt", "unstaged").is_null());
}
