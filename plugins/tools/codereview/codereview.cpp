// codereview: reviews code step by step; the last step has an expert model review the same files.
#include <toolpost/workflow/workflow.hpp>

namespace {

using namespace toolpost::workflow;
using toolpost::json;

json review_form() {
  json form = object_form({{"summary", "string"}, {"issues", "array"}});
  form["properties"]["issues"]["items"] =
      object_form({{"severity", "string"}, {"file", "string"}, {"description", "string"}});
  form["properties"]["issues"]["items"]["properties"]["severity"]["enum"] = {"critical", "high", "medium",
                                                                             "low"};
  return form;
}

std::optional<Skip> skip(const Step& step, const Findings& findings) {
  if (findings.latest_text("review_validation_type", "external") == "internal") {
    return Skip{"skipped_due_to_internal_analysis_type",
                "You asked for an internal review, so no expert was asked."};
  }
  if (step.confidence != "certain") return std::nullopt;
  return Skip{"skipped_due_to_certain_review_confidence",
              "You are certain that the review is complete, so no expert was asked."};
}

Definition make() {
  Definition tool;
  tool.tool = "codereview";
  tool.noun = "code_review";
  tool.required_key = "codereview_required";
  tool.pause_status = "pause_for_code_review";
  tool.skip_status = "code_review_complete_ready_for_implementation";
  tool.own_fields = {"review_type", "focus_on", "standards", "severity_filter", "review_validation_type"};
  tool.skip_next_steps =
      "Present the review: critical issues first, each with file, line, reason and fix, then what is done "
      "well. "
      "Make the fixes if the user asked for that, worst first, and run the tests that cover them.";
  tool.done_next_steps =
      "Merge the expert's issues with yours: drop duplicates and whatever the code refutes, and keep the "
      "higher "
      "severity where both found one. Present them worst first with file, line, reason and fix, then the "
      "three "
      "fixes that matter most. Make them if the user asked for that.";
  tool.considerations =
      "The expert saw the files listed here and your findings, nothing else. Check each issue against the "
      "code "
      "before you change it, and change nothing that was not reviewed.";
  tool.system_prompt = expert_prompt(
      "You are a careful reviewer. Find what is wrong or will go wrong: incorrect results, security holes, "
      "lost "
      "errors, races, leaks, unbounded growth, broken contracts, missing tests; then what makes the code "
      "hard to "
      "change. Stay within the files and the purpose of the change, and heed review_type, focus_on and "
      "standards "
      "in SETTINGS; report nothing below severity_filter. An issue needs a place, a reason and a fix; prefer "
      "few "
      "that are true over many that may be. The colleague's issues may be wrong: say so.",
      "Answer with one JSON object: "
      "{\"status\":\"analysis_complete\",\"summary\":\"...\",\"issues\":[{\"severity\":"
      "\"critical|high|medium|low\",\"file\":\"...\",\"line\":0,\"description\":\"...\",\"fix\":\"...\"}],"
      "\"top_fixes\":[\"...\"],\"positives\":[\"...\"]}. If there is too much for one review: {\"status\":"
      "\"focused_review_required\",\"reason\":\"...\",\"suggestion\":\"...\"}.");
  tool.expert_task = "Review the files above and answer in the JSON form you were given.";
  tool.reply.by_status = json::object({{"analysis_complete", review_form()}});
  tool.guidance.first = {
      {"Read every file under review from top to bottom",
       "Find out what the code is meant to do and for whom", "Look at its callers and its tests",
       "Note suspicious lines with a severity each"},
      "Do not call codereview again yet. Read the code first, its callers and tests included. Then call "
      "codereview "
      "with step_number {next}: say in findings what you checked, put each issue into issues_found as "
      "{severity, "
      "description} with file and line, and name the files under review in relevant_files."};
  tool.guidance.early = {
      {"Walk through error paths, limits and empty input", "Check who may call this and with what rights",
       "Look for shared state, locks and order of events",
       "Compare similar code for a fix that is missing here"},
      "Look closer before step_number {next}. Go through what was only skimmed, and prove each suspicion on "
      "a "
      "concrete input or withdraw it. Security, then correctness, then performance, then clarity."};
  tool.guidance.middle = {{"Confirm each issue against the code and settle its severity",
                           "Check that the fix you have in mind breaks no caller",
                           "Find which issues the tests would have caught", "Note what is done well"},
                          "Before step_number {next}, verify the list: remove what you cannot prove, merge "
                          "what has one cause, and look "
                          "once at what nobody has mentioned: configuration, migrations, documentation."};
  tool.guidance.late = {{"Order the issues by severity", "Write the fix for each of the worst",
                         "List the files the expert should read"},
                        "You are nearly done: call codereview with step_number {next} and next_step_required "
                        "false. With confidence "
                        "certain, or review_validation_type internal, no expert reviews the files."};
  tool.skip = skip;
  tool.count = [](const Step& step, const Findings& findings, json& status) {
    status["issues_by_severity"] = findings.issues_by("severity");
    status["review_confidence"] = step.confidence;
  };
  return tool;
}

}  // namespace

using CodeReview = Tool<make>;
TOOLPOST_PLUGIN(CodeReview)
