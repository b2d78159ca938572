#include "git_world.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

bool is_omitted(const json& answer, const std::string& path) {
  for (const auto& one : answer["omitted"]) {
    if (one["path"] == path) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("git.changes: a clean repository has a branch, a head and no files", "[effect][git]") {
  GitWorld world;
  world.init();
  const json answer = world.changes({{"untracked", true}});
  CHECK(answer["root"] == world.repo);
  CHECK(answer["branch"] == "main");
  CHECK(answer["head"].get<std::string>().size() == 40);
  CHECK(answer["files"].empty());
  CHECK(answer["omitted"].empty());
  CHECK(answer["truncated"] == false);
}

TEST_CASE("git.changes: staged, unstaged and untracked changes stand in their sections", "[effect][git]") {
  GitWorld world;
  world.init();
  world.write("allowed/repo/a.txt", "one\n2\nthree\n");
  world.git("add a.txt");
  world.write("allowed/repo/a.txt", "one\n2\nthree\nfour\n");
  world.write("allowed/repo/new/c.txt", "new\n");
  const json answer = world.changes({{"untracked", true}});
  REQUIRE(answer["files"].size() == 3);
  const json staged = file_of(answer, "a.txt", "staged");
  CHECK(staged["status"] == "modified");
  CHECK(staged["additions"] == 1);
  CHECK(staged["deletions"] == 1);
  CHECK(staged["binary"] == false);
  CHECK(staged["diff"].get<std::string>().find("\n-two\n+2\n") != std::string::npos);
  const json unstaged = file_of(answer, "a.txt", "unstaged");
  CHECK(unstaged["additions"] == 1);
  CHECK(unstaged["diff"].get<std::string>().find("\n+four\n") != std::string::npos);
  CHECK(unstaged["diff"].get<std::string>().find("-two") == std::string::npos);
  const json untracked = file_of(answer, "new/c.txt", "untracked");
  CHECK(untracked["status"] == "untracked");
  CHECK(untracked["diff"].get<std::string>().find("\n+new\n") != std::string::npos);

  CHECK(world.changes({{"staged", false}})["files"].size() == 1);
  CHECK(world.changes({{"unstaged", false}})["files"].size() == 1);
  const json only_untracked = world.changes({{"staged", false}, {"unstaged", false}, {"untracked", true}});
  REQUIRE(only_untracked["files"].size() == 1);
  CHECK(only_untracked["files"][0]["section"] == "untracked");
}

TEST_CASE("git.changes: context_lines bounds what stands around a change", "[effect][git]") {
  GitWorld world;
  world.init();
  world.write("allowed/repo/a.txt", "one\ntwo\n3\n");
  const json none = world.changes({{"context_lines", 0}});
  CHECK(none["files"][0]["diff"].get<std::string>().find("\n two\n") == std::string::npos);
  const json one = world.changes({{"context_lines", 1}});
  CHECK(one["files"][0]["diff"].get<std::string>().find("\n two\n") != std::string::npos);
  CHECK(one["files"][0]["diff"].get<std::string>().find("\n one\n") == std::string::npos);
}

TEST_CASE("git.changes: renamed, deleted, binary and executable files", "[effect][git]") {
  GitWorld world;
  world.init();
  world.write("allowed/repo/long.txt", std::string(40, 'x') + "\nsecond\nthird\nfourth\nfifth\n");
  world.write("allowed/repo/picture.bin", std::string("\0\1\2\3", 4));
  world.write("allowed/repo/run.sh", "true\n");
  world.git("add -A");
  world.git("commit -q -m more");
  world.git("mv long.txt moved.txt");
  world.git("rm -q src/b.txt");
  world.write("allowed/repo/picture.bin", std::string("\0\1\2\4\5", 5));
  world.shell(world.repo, "chmod +x run.sh");
  const json answer = world.changes();
  const json renamed = file_of(answer, "moved.txt", "staged");
  CHECK(renamed["status"] == "renamed");
  CHECK(renamed["old_path"] == "long.txt");
  const json deleted = file_of(answer, "src/b.txt", "staged");
  CHECK(deleted["status"] == "deleted");
  CHECK(deleted["deletions"] == 1);
  const json binary = file_of(answer, "picture.bin", "unstaged");
  CHECK(binary["binary"] == true);
  CHECK(binary["diff"] == "");
  CHECK(file_of(answer, "run.sh", "unstaged")["diff"].get<std::string>().find("new mode 100755") !=
        std::string::npos);
  world.git("config core.fileMode false");
  CHECK(file_of(world.changes(), "run.sh", "unstaged").is_null());
}

TEST_CASE("git.changes: compare_to shows what HEAD has done since it left the other", "[effect][git]") {
  GitWorld world;
  world.init();
  world.git("checkout -q -b topic");
  world.write("allowed/repo/topic.txt", "topic\n");
  world.git("add -A");
  world.git("commit -q -m topic");
  world.git("checkout -q main");
  world.write("allowed/repo/main.txt", "main\n");
  world.git("add -A");
  world.git("commit -q -m main");
  world.git("tag v1");
  world.git("checkout -q topic");
  const json answer = world.changes({{"compare_to", "main"}, {"staged", false}, {"unstaged", false}});
  REQUIRE(answer["files"].size() == 1);
  CHECK(file_of(answer, "topic.txt", "compare")["status"] == "added");
  CHECK(answer["base"].get<std::string>().size() == 40);
  CHECK(world.changes({{"compare_to", "v1~1"}})["files"].size() == 1);
  CHECK(world.changes({{"compare_to", answer["base"]}})["files"].size() == 1);
  CHECK(world.changes({{"compare_to", "topic"}})["files"].empty());

  const Error unknown = world.refusal("git.changes", {{"path", world.repo}, {"compare_to", "mian"}});
  CHECK(unknown.code == Errc::not_found);
  CHECK(unknown.message.find("\"mian\" names no commit") != std::string::npos);
  CHECK(unknown.message.find("main, topic") != std::string::npos);
}

TEST_CASE("git.changes: histories without a common commit are compared as they are", "[effect][git]") {
  GitWorld world;
  world.init();
  world.git("checkout -q --orphan other");
  world.git("rm -q -r --cached src");
  world.git("commit -q -m other");
  const json answer = world.changes({{"compare_to", "main"}, {"staged", false}, {"unstaged", false}});
  CHECK(file_of(answer, "src/b.txt", "compare")["status"] == "deleted");
}

TEST_CASE("git.changes: an empty repository has a branch and no head", "[effect][git]") {
  GitWorld world;
  world.git("init -q -b trunk");
  world.write("allowed/repo/a.txt", "a\n");
  world.git("add a.txt");
  const json answer = world.changes();
  CHECK(answer["branch"] == "trunk");
  CHECK(answer["head"].is_null());
  CHECK(file_of(answer, "a.txt", "staged")["status"] == "added");
  CHECK(world.refusal("git.changes", {{"path", world.repo}, {"compare_to", "main"}}).code == Errc::not_found);
  CHECK(world.ask("git.log", {{"path", world.repo}})["entries"].empty());
}

TEST_CASE("git.changes: a detached head has no branch", "[effect][git]") {
  GitWorld world;
  world.init();
  world.git("checkout -q --detach");
  CHECK(world.changes()["branch"].is_null());
  CHECK(world.changes()["head"].is_string());
}

TEST_CASE("git.changes: a bare repository can be compared, and has no working files", "[effect][git]") {
  GitWorld world;
  world.init();
  world.git("branch old");
  world.write("allowed/repo/a.txt", "changed\n");
  world.git("commit -q -a -m second");
  world.shell(world.root, "git clone -q --bare repo bare.git");
  const std::string bare = world.root + "/bare.git";
  const json answer = world.changes({{"path", bare}, {"compare_to", "old"}, {"untracked", true}});
  CHECK(answer["root"] == bare);
  REQUIRE(answer["files"].size() == 1);
  CHECK(answer["files"][0]["section"] == "compare");
}

TEST_CASE("git.changes: files in conflict are told apart", "[effect][git]") {
  GitWorld world;
  world.init();
  world.git("checkout -q -b topic");
  world.write("allowed/repo/a.txt", "topic\n");
  world.git("commit -q -a -m topic");
  world.git("checkout -q main");
  world.write("allowed/repo/a.txt", "main\n");
  world.git("commit -q -a -m main");
  world.shell(world.repo, "git merge -q topic || true");
  const json answer = world.changes();
  CHECK(file_of(answer, "a.txt", "unstaged")["conflicted"] == true);
}

TEST_CASE("git.changes: protected names are named and never shown", "[effect][git]") {
  GitWorld world;
  world.settings.files.deny = {"private*"};
  world.init();
  const std::string secret = "KEY=hunter2\nsecond line\nthird line\nfourth line\n";
  world.write("allowed/repo/.env", secret);
  world.write("allowed/repo/moved.env.txt", "harmless\n");
  world.write("allowed/repo/.ssh/config", secret);
  world.git("add -A -f");
  world.git("commit -q -m secrets");
  world.write("allowed/repo/.env", secret + "NEW=hunter2\n");
  world.write("allowed/repo/.ssh/config", "changed hunter2\n");
  world.write("allowed/repo/private.txt", "hunter2\n");
  world.write("allowed/repo/server.pem", "hunter2\n");
  world.write("allowed/repo/a.txt", "plain\n");
  for (const bool staged : {false, true}) {
    if (staged) world.git("add -A -f");
    const json answer = world.changes({{"untracked", true}, {"compare_to", "main~1"}});
    CHECK(answer.dump().find("hunter2") == std::string::npos);
    for (const char* path : {".env", ".ssh/config", "private.txt", "server.pem"})
      CHECK(is_omitted(answer, path));
    CHECK_FALSE(file_of(answer, "a.txt", staged ? "staged" : "unstaged").is_null());
  }
  // A rename must not carry the old lines out.
  world.git("reset -q --hard");
  world.git("mv .env harmless.txt");
  world.write("allowed/repo/harmless.txt", "second line\nthird line\nfourth line\n");
  world.git("add -A -f");
  const json answer = world.changes();
  CHECK(answer.dump().find("hunter2") == std::string::npos);
  CHECK(file_of(answer, "harmless.txt", "staged")["status"] == "added");
}

TEST_CASE("git.changes: the host's own state is left out", "[effect][git]") {
  GitWorld world;
  world.init();
  world.state_dir = world.repo + "/state";
  world.write("allowed/repo/state/journal.txt", "hunter2\n");
  world.write("allowed/repo/statement.txt", "shown\n");
  const json answer = world.changes({{"untracked", true}});
  CHECK(answer.dump().find("hunter2") == std::string::npos);
  CHECK(is_omitted(answer, "state/journal.txt"));
  CHECK_FALSE(file_of(answer, "statement.txt", "untracked").is_null());
}

TEST_CASE("git.changes: names that cannot be shown are omitted, and contents become UTF-8", "[effect][git]") {
  GitWorld world;
  world.init();
  world.write("allowed/repo/bad\xffname", "x\n");
  world.write("allowed/repo/turn\xe2\x80\xaegnp.txt", "x\n");
  world.write("allowed/repo/latin.txt", "caf\xe9\n");
  const json answer = world.changes({{"untracked", true}});
  CHECK(answer["omitted"].size() == 2);
  CHECK(file_of(answer, "latin.txt", "untracked")["diff"].get<std::string>().find("caf\xef\xbf\xbd") !=
        std::string::npos);
}

TEST_CASE("git.changes: a file that is too large for the answer is named, and smaller ones still fit",
          "[effect][git]") {
  GitWorld world;
  world.init();
  world.write("allowed/repo/a.txt", std::string(20'000, 'x') + "\n");
  world.write("allowed/repo/src/b.txt", "small\n");
  const json cut = world.changes({{"max_bytes", 4096}});
  CHECK(cut["truncated"] == true);
  CHECK(is_omitted(cut, "a.txt"));
  CHECK_FALSE(file_of(cut, "src/b.txt", "unstaged").is_null());
  CHECK(world.changes({{"max_bytes", 40'000}})["truncated"] == false);
  // The operator's bound holds whatever is asked for.
  world.settings.git.output_bytes_max = 4096;
  world.start_service();
  CHECK(world.changes({{"max_bytes", 40'000}})["truncated"] == true);
}

TEST_CASE("git.changes: git.files_max bounds an answer from both sides", "[effect][git]") {
  GitWorld world;
  world.init();
  world.settings.git.files_max = 3;
  for (int i = 0; i < 3; ++i) world.write("allowed/repo/f" + std::to_string(i), "x\n");
  const json fits = world.changes({{"untracked", true}});
  CHECK(fits["files"].size() == 3);
  CHECK(fits["truncated"] == false);
  world.write("allowed/repo/f3", "x\n");
  const json cut = world.changes({{"untracked", true}});
  CHECK(cut["files"].size() == 3);
  CHECK(cut["truncated"] == true);
}

TEST_CASE("git.changes: files above 8 MiB are not compared", "[effect][git]") {
  GitWorld world;
  world.init();
  world.write("allowed/repo/at.txt", std::string(8 << 20, 'a'));
  world.write("allowed/repo/above.txt", std::string((8 << 20) + 1, 'a'));
  const json answer = world.changes({{"untracked", true}});
  REQUIRE(answer["omitted"].size() == 2);
  for (const json& one : answer["omitted"]) {
    const bool above = one["path"] == "above.txt";
    CHECK((one["why"].get<std::string>().find("larger than 8 MiB") != std::string::npos) == above);
  }
}
