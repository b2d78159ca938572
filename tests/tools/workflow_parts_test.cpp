#include <toolpost/workflow/workflow.hpp>

#include "catch.hpp"
#include "tool_world.hpp"

using namespace toolpost::workflow;
using toolpost::json;
using toolpost::testing::ToolWorld;

namespace {

std::string refusal_of(const json& request) {
  try {
    read_step(request);
  } catch (const toolpost::Error& error) {
    CHECK(error.status() == TOOLPOST_INVALID_INPUT);
    return error.what();
  }
  return {};
}

json turn(const std::string& question, const std::string& answer) {
  return {{"question", question}, {"answer", answer}};
}

json debug_step(const std::string& text) {
  return {{"step", text},
          {"step_number", 1},
          {"total_steps", 2},
          {"next_step_required", true},
          {"findings", "f"}};
}

}  // namespace

TEST_CASE("step: old names of file lists are read, and unknown fields are named", "[tools]") {
  const Step step = read_step({{"step", "s"},
                               {"relevant_files", {"/a"}},
                               {"absolute_file_paths", {"/b", "/a"}},
                               {"files", {"/c"}},
                               {"colour", "red"},
                               {"review_type", "full"}},
                              {"review_type"});
  CHECK(step.relevant_files == std::vector<std::string>{"/a", "/c", "/b"});
  CHECK(step.ignored == std::vector<std::string>{"colour"});
  CHECK(step.own == json{{"review_type", "full"}});
}

TEST_CASE("step: a field of the wrong type is refused by name, an absent or null one is not", "[tools]") {
  CHECK(refusal_of({{"absolute_file_paths", "a.c"}}) == "\"absolute_file_paths\" must be a list of strings");
  CHECK(refusal_of({{"step", 7}}) == "\"step\" must be a string");
  CHECK(refusal_of({{"step_number", "1"}}).find("step_number") != std::string::npos);
  CHECK(refusal_of({{"step_number", 1'000'001}}).find("1000000") != std::string::npos);
  CHECK(refusal_of({{"use_websearch", "yes"}}) == "\"use_websearch\" must be true or false");
  CHECK(refusal_of({{"issues_found", "none"}}) == "\"issues_found\" must be a list");
  CHECK(refusal_of({{"hypothesis", nullptr}, {"step_number", 1'000'000}}) == "");
}

TEST_CASE("step: text that is too long to send asks for a file, to the character", "[tools]") {
  ToolWorld world(json::object());
  CHECK(world.call("debug", "debug", debug_step(std::string(100'000, 'x')))["reply"]["status"] ==
        "pause_for_investigation");
  const json reply = world.call("debug", "debug", debug_step(std::string(100'001, 'x')))["reply"];
  CHECK(reply["status"] == "resend_prompt");
  CHECK(reply["metadata"]["prompt_size"] == 100'001);
  CHECK(reply["metadata"]["limit"] == 100'000);
  std::string accents;
  for (int i = 0; i < 100'000; ++i) accents += "é";
  CHECK(world.call("debug", "debug", debug_step(accents))["reply"]["status"] == "pause_for_investigation");
}

TEST_CASE("history: the newest turns that fit are shown, and a note tells of the others", "[tools]") {
  const json turns = {turn(std::string(300, 'a'), "1"), turn(std::string(300, 'b'), "2"), turn("c", "3")};
  json messages = json::array();
  append_history(messages, turns, Tokens{1000});
  CHECK(messages.size() == 6);
  messages = json::array();
  append_history(messages, turns, Tokens{110});
  REQUIRE(messages.size() == 5);
  CHECK(messages[0]["content"] == "(1 earlier turns of this conversation are left out for length.)");
  CHECK(messages[1]["content"] == std::string(300, 'b'));
  messages = json::array();
  append_history(messages, turns, Tokens{1});
  CHECK(messages.size() == 1);
}

TEST_CASE("findings: a step that is sent again replaces the first, but not one of another branch",
          "[tools]") {
  Findings findings;
  const auto add = [&](int number, const char* text, const char* branch) {
    Step step;
    step.number = number;
    step.text = text;
    if (*branch != 0) step.own["branch_id"] = branch;
    findings.add(step);
  };
  add(1, "one", "");
  add(2, "two", "");
  add(2, "two again", "");
  add(2, "other way", "b");
  REQUIRE(findings.history.size() == 3);
  CHECK(findings.history[1]["step"] == "two again");
  findings.backtrack(2);
  CHECK(findings.history.size() == 1);
}

TEST_CASE("files: only so many are read in one call, the newest named first", "[tools]") {
  json files = json::array();
  for (int i = 0; i < 61; ++i) files.push_back("/f" + std::to_string(i));
  json request = debug_step("s");
  request.update(json{{"next_step_required", false}, {"relevant_files", files}});
  ToolWorld world(json{{"provider", R"({"status":"no_bug_found","summary":"none"})"}});
  const json call = world.call("debug", "debug", request);
  const json left_out = call["reply"]["file_context"]["left_out"];
  CHECK(left_out.size() == 61);
  CHECK(left_out[0] == json{{"path", "/f0"}, {"reason", "only the 60 files named last are read"}});
  CHECK(std::count_if(call["effects"].begin(), call["effects"].end(),
                      [](const json& one) { return one["kind"] == "file.read"; }) == 60);
}
