// What an agent is told, word for word. A snapshot is the text for review: one file a tool, each guidance
// once.

#include <filesystem>
#include <sstream>

#include "catch.hpp"
#include "tool_world.hpp"

using namespace toolpost::testing;
namespace fs = std::filesystem;

namespace {

struct Variant {
  std::string label;
  json request;
};

std::vector<Variant> variants_of(const std::string& tool) {
  std::vector<Variant> variants;
  const auto add = [&](const std::string& label, json more) {
    json request = {{"step", "s"},
                    {"step_number", 1},
                    {"total_steps", 4},
                    {"next_step_required", true},
                    {"findings", "f"}};
    if (tool == "precommit") request["path"] = "/repo";
    if (tool == "tracer") request["target_description"] = "main";
    request.update(more);
    variants.push_back({label, request});
  };
  if (tool == "planner") {
    for (const int total : {4, 6}) {
      for (const int number : {1, 2, 3, 5})
        add("step " + std::to_string(number) + " of " + std::to_string(total),
            {{"step_number", number}, {"total_steps", total}});
    }
    return variants;
  }
  if (tool == "docgen") {
    const json flags = {{"document_complexity", true},
                        {"document_flow", true},
                        {"update_existing", true},
                        {"comments_on_complex_logic", true}};
    const auto count = [&](const std::string& label, int step, int done, int total, bool more) {
      json request = flags;
      request.update(json{{"step_number", step},
                          {"num_files_documented", done},
                          {"total_files_to_document", total},
                          {"next_step_required", more}});
      add(label, request);
    };
    count("step 1", 1, 0, 0, true);
    count("nothing counted", 2, 0, 0, true);
    count("2 of 5 files", 4, 2, 5, true);
    count("5 of 5 files", 7, 5, 5, true);
    count("ended at 2 of 5 files", 4, 2, 5, false);
    return variants;
  }
  if (tool == "consensus") {
    const json models = {{{"model", "a"}}, {{"model", "b"}}, {{"model", "c"}}};
    for (const int number : {1, 2})
      add("step " + std::to_string(number), {{"step_number", number}, {"models", models}});
    return variants;
  }
  const std::vector<std::string> scale =
      tool == "refactor"
          ? std::vector<std::string>{"exploring", "incomplete", "partial", "complete"}
          : std::vector<std::string>{"exploring", "low", "medium", "high", "very_high", "certain"};
  for (const char* mode : {"precision", "dependencies", "ask"}) {
    const std::string prefix = tool == "tracer" ? std::string(mode) + ", " : "";
    const json with_mode = tool == "tracer" ? json{{"trace_mode", mode}} : json::object();
    for (const int number : {1, 3}) {
      for (const std::string& confidence : scale) {
        json request = with_mode;
        request.update(json{{"step_number", number}, {"confidence", confidence}});
        add(prefix + "step " + std::to_string(number) + ", " + confidence, request);
      }
    }
    if (tool != "tracer") break;
  }
  return variants;
}

}  // namespace

TEST_CASE("guidance: each names the next step and at least three actions, in 900 characters, and is reviewed",
          "[tools]") {
  for (const char* tool : {"analyze", "codereview", "consensus", "debug", "docgen", "planner", "precommit",
                           "refactor", "secaudit", "testgen", "thinkdeep", "tracer"}) {
    CAPTURE(tool);
    std::vector<std::pair<std::string, std::string>> seen;  // words, where
    for (const Variant& variant : variants_of(tool)) {
      CAPTURE(variant.label);
      ToolWorld world(json{{"provider", "an opinion"}});
      const json reply = world.call(tool, tool, variant.request).value("reply", json::object());
      REQUIRE(reply.contains("required_actions"));
      REQUIRE(reply["required_actions"].size() >= 3);
      std::ostringstream words;
      for (const json& action : reply["required_actions"]) words << "- " << action.get<std::string>() << "\n";
      const std::string next = reply["next_steps"];
      words << next << "\n";
      CHECK(words.str().size() <= 900);
      CHECK(next.find("step_number " + std::to_string(reply["next_step_number"].get<int>())) !=
            std::string::npos);
      CHECK(words.str().find("\\n") == std::string::npos);
      const auto known =
          std::find_if(seen.begin(), seen.end(), [&](const auto& one) { return one.first == words.str(); });
      if (known == seen.end()) {
        seen.emplace_back(words.str(), variant.label);
      } else {
        known->second += "; " + variant.label;
      }
    }
    std::string snapshot;
    for (const auto& [words, where] : seen) snapshot += "[" + where + "]\n" + words + "\n";
    const fs::path path =
        fs::path(TOOLPOST_SOURCE_DIR) / "tests" / "tools" / "guidance" / (std::string(tool) + ".txt");
    if (writes_snapshots()) std::ofstream(path) << snapshot;
    CHECK(snapshot == text_of(path));
  }
}
