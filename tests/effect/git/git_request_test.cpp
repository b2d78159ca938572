#include "effect/git/git_request.hpp"

#include "catch.hpp"

using namespace toolpost;

namespace {

Result<GitRequest> changes(const std::string& more) {
  return parse_git_request("git.changes", R"({"path":"/r")" + (more.empty() ? "" : "," + more) + "}",
                           1 << 20);
}

void check_refused(const Result<GitRequest>& request, const std::string& words) {
  REQUIRE_FALSE(request);
  CHECK(request.error().code == Errc::invalid_input);
  CAPTURE(request.error().message);
  CHECK(request.error().message.find(words) != std::string::npos);
}

}  // namespace

TEST_CASE("git request: absent fields take their defaults", "[effect][git]") {
  const auto request = changes("");
  REQUIRE(request);
  CHECK(request->path == "/r");
  CHECK((request->staged && request->unstaged && !request->untracked));
  CHECK(request->context_lines == 3);
  CHECK(request->max_bytes == 1 << 20);
  CHECK(parse_git_request("git.repositories", R"({"path":"/r"})", 1)->depth_max == 5);
  CHECK(parse_git_request("git.log", R"({"path":"/r"})", 1)->max_entries == 20);
}

TEST_CASE("git request: numbers have both bounds", "[effect][git]") {
  CHECK(changes(R"("context_lines":100)"));
  check_refused(changes(R"("context_lines":101)"), "\"context_lines\" must be a whole number from 0 to 100");
  CHECK(changes(R"("max_bytes":1024)")->max_bytes == 1024);
  check_refused(changes(R"("max_bytes":1023)"), "\"max_bytes\" must be a whole number from 1024 on");
  CHECK(changes(R"("max_bytes":99999999)")->max_bytes == 1 << 20);
  const auto log = [](const std::string& text) { return parse_git_request("git.log", text, 1); };
  CHECK(log(R"({"path":"/r","max_entries":1000})"));
  check_refused(log(R"({"path":"/r","max_entries":1001})"), "1 to 1000");
  check_refused(log(R"({"path":"/r","max_entries":0})"), "1 to 1000");
  const auto repositories = [](const std::string& text) {
    return parse_git_request("git.repositories", text, 1);
  };
  CHECK(repositories(R"({"path":"/r","depth_max":8})"));
  check_refused(repositories(R"({"path":"/r","depth_max":9})"), "0 to 8");
  check_refused(repositories(R"({"path":"/r","depth_max":-1})"), "0 to 8");
}

TEST_CASE("git request: what is wrong is named, with what was probably meant", "[effect][git]") {
  check_refused(changes(R"("unstagged":true)"), "did you mean \"unstaged\"?");
  check_refused(changes(R"("staged":1)"), "\"staged\" must be true or false");
  check_refused(changes(R"("compare_to":3)"), "\"compare_to\" must be a string");
  check_refused(changes(R"("staged":false,"unstaged":false)"), "nothing is asked for");
  CHECK(changes(R"("staged":false,"unstaged":false,"compare_to":"main")"));
  check_refused(parse_git_request("git.changes", "{}", 1), "needs \"path\"");
  check_refused(parse_git_request("git.changes", "[]", 1), "no JSON object");
  check_refused(parse_git_request("git.changes", "{", 1), "no JSON object");
  check_refused(parse_git_request("git.changes", R"({"path":")" + std::string(33 << 10, 'x') + R"("})", 1),
                "32 KiB");
  CHECK(parse_git_request("git.push", R"({"path":"/r"})", 1).error().code == Errc::unsupported);
}

TEST_CASE("git request: compare_to is a commit's name and nothing that searches or shows contents",
          "[effect][git]") {
  for (const char* name :
       {"main", "origin/main", "v1.0", "HEAD~3", "main@{1}", "feature/caf\xc3\xa9", "0123abc"})
    CHECK(changes("\"compare_to\":\"" + std::string(name) + "\""));
  for (const char* name : {"main:.env", ":/secret", "-n", "a b", "a*", "a?", "a[b", "a\\\\b", "a\\nb"})
    check_refused(changes("\"compare_to\":\"" + std::string(name) + "\""), "is no name of a commit");
  CHECK(changes("\"compare_to\":\"" + std::string(256, 'a') + "\""));
  check_refused(changes("\"compare_to\":\"" + std::string(257, 'a') + "\""), "is no name of a commit");
}

TEST_CASE("git request: file stays within the repository", "[effect][git]") {
  const auto log = [](const std::string& file) {
    return parse_git_request("git.log", R"({"path":"/r","file":")" + file + "\"}", 1);
  };
  CHECK(log("src/./a.txt")->file == "src/a.txt");
  for (const char* file : {"/etc/passwd", "../a", "a/../b", ".", "a\\u0000b", "a\\u202eb"})
    check_refused(log(file), "must be a path within the repository");
}
