#include <toolpost/testing/determinism.hpp>

#include "catch.hpp"

using namespace toolpost::testing;

namespace {

const std::string kBuild = TOOLPOST_BINARY_DIR;

Answer answer_anything(std::size_t, const std::string& kind, const json&) {
  Answer answer;
  if (kind == "thread.append") answer.result = {{"id", "0123456789abcdef"}};
  if (kind == "file.read") answer.result = {{"text", "int main() {}\n"}};
  if (kind == "provider")
    answer.result = {{"text", R"({"status":"analysis_complete"})"}, {"model", "m"}, {"provider", "p"}};
  if (kind == "host.status") answer.result = {{"version", "1"}};
  return answer;
}

TestCall debug_call() {
  return {"debug",
          R"({"step":"it fails","step_number":1,"total_steps":1,"next_step_required":false,"findings":"seen",
                      "relevant_files":["a.c","b.c"]})",
          answer_anything, "{}"};
}

}  // namespace

TEST_CASE("test kit: the bundled tools do the same however their calls are cut", "[sdk]") {
  CHECK(check_determinism(kBuild + "/lib/toolpost/plugins/echo.so",
                          {"echo", R"({"text":"x"})", answer_anything, "{}"})
            .empty());
  CHECK(
      check_determinism(kBuild + "/lib/toolpost/plugins/version.so", {"version", "{}", answer_anything, "{}"})
          .empty());
  CHECK(check_determinism(kBuild + "/lib/toolpost/plugins/chat.so",
                          {"chat", R"({"prompt":"hi","files":["a.c"]})", answer_anything, "{}"})
            .empty());
  CHECK(check_determinism(kBuild + "/lib/toolpost/plugins/debug.so", debug_call()) == "");
}

TEST_CASE("test kit: a failing effect is the same failure however the call is cut", "[sdk]") {
  TestCall call = debug_call();
  call.script = [](std::size_t index, const std::string& kind, const json& request) {
    Answer answer = answer_anything(index, kind, request);
    if (kind == "provider") answer = {{}, TOOLPOST_UNSUPPORTED, "no provider"};
    return answer;
  };
  CHECK(check_determinism(kBuild + "/lib/toolpost/plugins/debug.so", call) == "");
}

TEST_CASE("test kit: a plugin that remembers its last call is caught, naming the effect", "[sdk]") {
  const std::string problem =
      check_determinism(kBuild + "/tests/plugins/faulty.so", {"divergent", "{}", answer_anything, "{}"});
  CHECK(problem.find("effect 1 was") != std::string::npos);
}

TEST_CASE("test kit: a plugin that dies is reported, not followed", "[sdk]") {
  CHECK(check_determinism(kBuild + "/tests/plugins/faulty.so", {"crash", "{}", answer_anything, "{}"})
            .find("did not run") != std::string::npos);
}
