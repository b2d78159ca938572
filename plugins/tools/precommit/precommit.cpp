// precommit: validates the changes in a git repository before they are committed; git is read through the
// host.
#include <toolpost/workflow/workflow.hpp>

#include "git_view.hpp"

namespace {

using namespace toolpost::workflow;
using toolpost::json;

View look(toolpost::Call& call, const Step& step, const Findings& findings) {
  precommit::Wanted wanted;
  wanted.path = findings.latest_text("path", "");
  if (wanted.path.empty() && step.number == 1) {
    throw toolpost::Error(
        TOOLPOST_INVALID_INPUT,
        "\"path\" is missing: step 1 of precommit needs the absolute folder of the repository");
  }
  // The list at the beginning, the diff for the expert at the end; in between nothing new is to be known.
  if (wanted.path.empty() || (step.number > 1 && step.more)) return {};
  wanted.compare_to = findings.latest_text("compare_to", "");
  const auto flag = [&](const char* key) {
    const json value = findings.latest(key);
    return !value.is_boolean() || value.get<bool>();
  };
  wanted.staged = flag("include_staged");
  wanted.unstaged = flag("include_unstaged");
  return precommit::look_at_git(call, wanted);
}

std::optional<Skip> skip(const Step& step, const Findings& findings) {
  if (findings.latest_text("precommit_type", "external") == "internal") {
    return Skip{"skipped_due_to_internal_analysis_type",
                "You asked for an internal validation, so no expert was asked."};
  }
  if (step.confidence != "certain") return std::nullopt;
  return Skip{"skipped_due_to_certain_validation_confidence",
              "You are certain that the changes are sound, so no expert was asked."};
}

json verdict_form() {
  json form = object_form({{"summary", "string"}, {"verdict", "string"}, {"issues", "array"}});
  form["properties"]["verdict"]["enum"] = {"ready", "fix_first", "do_not_commit"};
  json& issue = form["properties"]["issues"]["items"];
  issue = object_form({{"severity", "string"}, {"file", "string"}, {"description", "string"}});
  issue["properties"]["severity"]["enum"] = {"critical", "high", "medium", "low"};
  return form;
}

Definition make() {
  Definition tool;
  tool.tool = "precommit";
  tool.noun = "validation";
  tool.required_key = "precommit_required";
  tool.pause_status = "pause_for_validation";
  tool.skip_status = "validation_complete_ready_for_commit";
  tool.own_fields = {"path",     "compare_to",      "include_staged", "include_unstaged",
                     "focus_on", "severity_filter", "precommit_type"};
  tool.skip_next_steps =
      "Tell the user whether the changes are ready: blocking issues first, then what may wait, then a commit "
      "message that says why. "
      "Commit only if they ask.";
  tool.done_next_steps =
      "Check the expert's issues against the diff and drop what it refutes. Tell the user whether the "
      "changes are ready: blocking "
      "issues first, then what may wait, then a commit message that says why. Fix and commit only if they "
      "ask.";
  tool.considerations =
      "The expert saw the diff and files listed here, not the rest of the project. Judge only what this "
      "change brings in or breaks; "
      "older faults are worth a note, not a block.";
  tool.system_prompt = expert_prompt(
      "You are the last reader of a change before it is committed. Compare what it is meant to do (REQUEST) "
      "with what the diff does. "
      "Look for what it breaks: wrong results, lost errors, races, security holes, incompatible interfaces, "
      "missing migrations, "
      "tests and documentation; and for what slipped in: debug output, secrets, commented-out code, "
      "unrelated edits. Heed focus_on "
      "and severity_filter in SETTINGS. Judge the change, not the code around it.",
      "Answer with one JSON object: "
      "{\"status\":\"analysis_complete\",\"verdict\":\"ready|fix_first|do_not_commit\",\"summary\":\"...\","
      "\"issues\":[{\"severity\":\"critical|high|medium|low\",\"file\":\"...\",\"line\":0,\"description\":\"."
      "..\",\"fix\":\"...\"}],"
      "\"recommendations\":[\"...\"]}. If there is too much for one look: "
      "{\"status\":\"focused_review_required\",\"reason\":\"...\","
      "\"suggestion\":\"...\"}.");
  tool.expert_task = "Judge the changes above and answer in the JSON form you were given.";
  tool.reply.by_status = json::object({{"analysis_complete", verdict_form()}});
  tool.file_tokens = 30'000;
  tool.guidance.first = {
      {"Look at every changed file in the git list of this answer", "Find out what the change is meant to do",
       "Read the changed lines with the code around them", "Check that nothing unintended is staged"},
      "Do not call precommit again yet. Read the changes first; git in this answer lists them, or says what "
      "is missing. Then call "
      "precommit with step_number {next}: what the change does in findings, problems in issues_found as "
      "{severity, description}, "
      "the changed files in relevant_files."};
  tool.guidance.early = {
      {"Compare each change with its purpose", "Check callers of every changed signature or format",
       "Look for debug output, secrets and left-overs in the diff",
       "Find the tests that cover the changed lines"},
      "Go through the diff once more before step_number {next}. For each file: what could break, for whom, "
      "and would a test notice? "
      "Report with file and line."};
  tool.guidance.middle = {
      {"Run the build and the tests that cover the change", "Verify each issue on the real code",
       "Check documentation, migrations and configuration that belong to it",
       "Look for the case that the change forgot"},
      "Before step_number {next}, verify: confirm or withdraw each issue, and say what you ran and what came "
      "out. Decide what blocks "
      "the commit and what may wait."};
  tool.guidance.late = {
      {"Sort the issues into blocking and not blocking", "Check that tests and build are green",
       "List the files an expert should read beside the diff"},
      "Finish: call precommit with step_number {next} and next_step_required false; the expert gets the diff "
      "anew. Confidence certain, or "
      "precommit_type internal, asks no expert."};
  tool.look = look;
  tool.skip = skip;
  tool.count = [](const Step& step, const Findings& findings, json& status) {
    status["issues_identified"] = findings.united("issues_found").size();
    status["issues_by_severity"] = findings.issues_by("severity");
    status["assessment_confidence"] = step.confidence;
  };
  return tool;
}

}  // namespace

using Precommit = Tool<make>;
TOOLPOST_PLUGIN(Precommit)
