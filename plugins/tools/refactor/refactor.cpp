// refactor: looks for code that is worth reshaping; the last step has an expert model order the
// opportunities.
#include <toolpost/workflow/workflow.hpp>

namespace {

using namespace toolpost::workflow;
using toolpost::json;

json opportunity_form() {
  json form = object_form(
      {{"refactor_opportunities", "array"}, {"priority_sequence", "array"}, {"next_actions", "array"}});
  form["properties"]["refactor_opportunities"]["items"] = object_form({{"id", "string"},
                                                                       {"type", "string"},
                                                                       {"severity", "string"},
                                                                       {"file", "string"},
                                                                       {"issue", "string"},
                                                                       {"suggestion", "string"}});
  form["properties"]["refactor_opportunities"]["items"]["properties"]["type"]["enum"] = {
      "decompose", "codesmells", "modernize", "organization"};
  return form;
}

Definition make() {
  Definition tool;
  tool.tool = "refactor";
  tool.noun = "refactoring";
  tool.required_key = "refactor_required";
  tool.pause_status = "pause_for_refactoring_analysis";
  tool.skip_status = "refactoring_analysis_complete_ready_for_implementation";
  tool.confidence = "incomplete";
  tool.own_fields = {"refactor_type", "focus_areas", "style_guide_examples"};
  tool.skip_next_steps =
      "Show the user the opportunities in the order you would take them, each with place, reason and the "
      "smallest "
      "safe step. Start only if they ask; then one opportunity at a time, with the tests run after each.";
  tool.done_next_steps =
      "Compare the expert's opportunities with yours and keep those that the code supports. Present them in "
      "an "
      "order in which each step leaves the program working, with effort and risk. Start only if the user "
      "asks, one "
      "at a time, with the tests run after each.";
  tool.considerations =
      "Behaviour must not change. The expert saw only the files listed here: check callers elsewhere, public "
      "names "
      "and generated code before you move anything.";
  tool.system_prompt = expert_prompt(
      "You are an engineer who reshapes code for a living and dislikes needless change. From the evidence, "
      "name what "
      "makes this code hard to understand or to change, and the smallest steps that improve it while its "
      "behaviour "
      "stays the same. Heed refactor_type and focus_areas in SETTINGS and follow the style of "
      "style_guide_examples. "
      "Splitting what is far too large comes before everything else: files beyond 5000 lines, classes beyond "
      "1000, "
      "functions beyond 150 deserve a look. Give exact places, so that each step can be done by itself.",
      "Answer with one JSON object: "
      "{\"status\":\"refactor_analysis_complete\",\"refactor_opportunities\":[{\"id\":"
      "\"r1\",\"type\":\"decompose|codesmells|modernize|organization\",\"severity\":\"critical|high|medium|"
      "low\","
      "\"file\":\"...\",\"start_line\":0,\"end_line\":0,\"issue\":\"...\",\"suggestion\":\"...\","
      "\"rationale\":\"...\","
      "\"replacement_code_snippet\":\"...\"}],\"priority_sequence\":[\"r1\"],\"next_actions\":[{\"action_"
      "type\":"
      "\"EXTRACT_METHOD|SPLIT_CLASS|MODERNIZE_SYNTAX|REORGANIZE_CODE|DECOMPOSE_FILE\",\"target_file\":\"..."
      "\","
      "\"source_lines\":\"1-9\",\"description\":\"...\"}],\"more_refactor_required\":false}. If there is too "
      "much for "
      "one answer: {\"status\":\"focused_review_required\",\"reason\":\"...\",\"suggestion\":\"...\"}.");
  tool.expert_task =
      "Name and order the refactoring opportunities in the code above, in the JSON form you were given.";
  tool.reply.by_status = json::object({{"refactor_analysis_complete", opportunity_form()}});
  tool.guidance.first = {
      {"Measure the large files, classes and functions in scope",
       "Read them and note what each part is responsible for",
       "Find who calls them and which tests hold them", "Look for the same knowledge written twice"},
      "Do not call refactor again yet. Read the code in scope and its callers first. Then call refactor with "
      "step_number {next}: describe each opportunity in issues_found as {type, severity, description} with "
      "file and "
      "lines, and name the files in relevant_files."};
  tool.guidance.early = {
      {"Go through the files not read yet", "Trace which fields and functions are used together",
       "Look for long parameter lists, flags and deep nesting",
       "Check which names no longer say what the thing does"},
      "Look closer before step_number {next}: find the cause behind each smell, not only its surface, and "
      "say what "
      "a change would make easier. Leave alone what is merely unusual."};
  tool.guidance.middle = {
      {"Check for each opportunity that behaviour can be kept",
       "Find the tests that would notice a mistake, or note that there are none",
       "Work out which step must come first", "Drop what costs more than it returns"},
      "Before step_number {next}, check the list against the code: callers, public names, serialised forms. "
      "Use "
      "confidence partial while parts are unread, complete only when everything in scope is covered."};
  tool.guidance.late = {{"Put the opportunities into a safe order", "Note effort and risk of each",
                         "List the files an expert should read"},
                        "Finish: call refactor with step_number {next} and next_step_required false. With "
                        "confidence complete no expert "
                        "is asked; choose it only if every opportunity is located and ordered."};
  tool.skip = skip_when("complete", {"skipped_due_to_complete_refactoring_confidence",
                                     "You say that the analysis is complete, so no expert was asked."});
  tool.count = [](const Step& step, const Findings& findings, json& status) {
    status["opportunities_by_type"] = findings.issues_by("type");
    status["refactor_confidence"] = step.confidence;
  };
  return tool;
}

}  // namespace

using Refactor = Tool<make>;
TOOLPOST_PLUGIN(Refactor)
