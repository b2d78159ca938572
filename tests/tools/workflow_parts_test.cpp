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

TEST_CASE("prompt budget: a share of the model's context, five times what is usual at most", "[tools]") {
  const Tokens usual{40'000};
  CHECK(PromptBudget().share(usual).count == 40'000);
  CHECK(PromptBudget(100'000).share(usual).count == 40'000);
  CHECK(PromptBudget(8'000).share(usual).count == 3'200);
  CHECK(PromptBudget(400'000).share(usual).count == 160'000);
  CHECK(PromptBudget(500'000).share(usual).count == 200'000);
  CHECK(PromptBudget(2'000'000).share(usual).count == 200'000);
}

TEST_CASE("long answer: parts follow each other to the character, and the last one says that it is the last",
          "[tools]") {
  std::string answer;
  for (int i = 0; i < 10; ++i) answer += "aé";
  const AnswerPart first = answer_part(answer, 0, 7);
  CHECK(first.text == "aéaéaéa");
  CHECK(first.next == 7);
  CHECK(first.left == 13);
  const AnswerPart last = answer_part(answer, 14, 7);
  CHECK(last.text == "aéaéaé");
  CHECK(last.next == 0);
  CHECK(answer_part(answer, 0, 20).next == 0);
  CHECK(answer_part(answer, 20, 7).text.empty());
  CHECK(answer_part("", 0, 7).text.empty());
}

TEST_CASE("long answer: an expert's is cut with the call for the rest, and chat brings it", "[tools]") {
  const std::string text(kAnswerCharactersMax + 10, 'x');
  ToolWorld world({{"provider", {text, text}}});
  world.cut_every_wait = false;
  json step = debug_step("sum is wrong");
  step["next_step_required"] = false;
  step["issues_found"] = {{{"severity", "high"}, {"description", "off by one"}}};
  const json reply = world.call("debug", "debug", step)["reply"];
  const json& analysis = reply["expert_analysis"];
  CHECK(analysis["raw_analysis"].get<std::string>().size() == kAnswerCharactersMax);
  CHECK(analysis["rest"]["characters_left"] == 10);
  const json next = analysis["rest"]["next_call"];
  CHECK(next["tool"] == "chat");
  CHECK(world.call("chat", "chat", next["arguments"])["reply"]["content"] == std::string(10, 'x'));
}

TEST_CASE("history: the newest turns that fit are shown, and a note tells of the others", "[tools]") {
  const json turns = {turn(std::string(300, 'a'), "1"), turn(std::string(300, 'b'), "2"), turn("c", "3")};
  json messages = json::array();
  append_history(messages, turns, Tokens{1000}, "debug");
  CHECK(messages.size() == 6);
  messages = json::array();
  append_history(messages, turns, Tokens{110}, "debug");
  REQUIRE(messages.size() == 5);
  CHECK(messages[0]["content"] == "(1 earlier turns of this conversation are left out for length.)");
  CHECK(messages[1]["content"] == std::string(300, 'b'));
  messages = json::array();
  append_history(messages, turns, Tokens{1}, "debug");
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

namespace {

constexpr std::size_t kPngHeadLetters = 16;

/// A PNG as far as its first bytes go, of so many letters of base64.
json png_of(std::size_t letters) {
  return {{"binary", true}, {"base64", "iVBORw0KGgoAAAAN" + std::string(letters - kPngHeadLetters, 'A')}};
}

/// What the expert of `debug` was shown of these files.
json shown_to_expert(const json& files, const json& images) {
  ToolWorld world({{"files", files}, {"provider", {"{}"}}});
  world.cut_every_wait = false;
  json step = debug_step("s");
  step.update({{"next_step_required", false}, {"images", images}, {"issues_found", {{{"severity", "low"}}}}});
  return world.call("debug", "debug", step)["reply"]["file_context"];
}

}  // namespace

TEST_CASE("images: the last five are shown, and the others named", "[tools]") {
  json files;
  for (const char* name : {"/1", "/2", "/3", "/4", "/5", "/6"}) files[name] = png_of(16);
  const json five = shown_to_expert(files, {"/1", "/2", "/3", "/4", "/5"});
  CHECK(five["images_shown"].size() == 5);
  CHECK(five["left_out"].empty());
  const json six = shown_to_expert(files, {"/1", "/2", "/3", "/4", "/5", "/6"});
  CHECK(six["images_shown"] == json{"/2", "/3", "/4", "/5", "/6"});
  CHECK(six["left_out"] == json{{{"path", "/1"}, {"reason", "only the 5 images named last are shown"}}});
}

TEST_CASE("images: together they have 8,000,000 letters, and not four more", "[tools]") {
  const json fits = shown_to_expert({{"/a", png_of(4'000'000)}, {"/b", png_of(4'000'000)}}, {"/a", "/b"});
  CHECK(fits["images_shown"].size() == 2);
  const json larger = shown_to_expert(
      {{"/a", png_of(4'000'000)}, {"/b", png_of(4'000'004)}, {"/c", png_of(16)}}, {"/a", "/b", "/c"});
  CHECK(larger["images_shown"] == json{"/a", "/c"});
  CHECK(larger["left_out"][0]["reason"].get<std::string>().find("8000000") != std::string::npos);
}

TEST_CASE("images: the type is told by the first bytes, and what no vendor takes is left out", "[tools]") {
  CHECK(image_type("iVBORw0KGgoAAAAN") == "image/png");
  CHECK(image_type("/9j/4AAQSkZJRgAB") == "image/jpeg");
  CHECK(image_type("R0lGODlhAQABAIAA") == "image/gif");
  CHECK(image_type("UklGRiQAAABXRUJQ") == "image/webp");
  CHECK(image_type("Qk1GAAAAAAAAADYA").empty());  // BMP
  CHECK(image_type("PHN2ZyB4bWxucz0i").empty());  // SVG
  CHECK(image_type("iVBORw0").empty());
  CHECK(image_type("").empty());
}

TEST_CASE("images: of a data URL only type and size are kept", "[tools]") {
  CHECK(image_label("data:image/png;base64,AAAABBBB") == "data:image/png of 6 bytes (1570838532)");
  CHECK(image_label("/p/a.png") == "/p/a.png");
  const json context = shown_to_expert(
      json::object(),
      {"data:image/png;base64,iVBORw0KGgoAAAAN", "data:image/png,plain", "data:image/png;base64,iVB*"});
  CHECK(context["images_shown"] == json{"data:image/png of 12 bytes (1823811481)"});
  CHECK(context["left_out"][0]["reason"] == "a data URL must hold base64");
  CHECK(context["left_out"][1]["reason"] == "data_base64 is not padded standard base64");
}
