// debug: finds the cause of a bug step by step; the last step asks an expert model for a second look.
#include <toolpost/workflow/workflow.hpp>

namespace {

using toolpost::workflow::Definition;
using toolpost::workflow::expert_prompt;
using toolpost::workflow::object_form;

Definition make() {
  Definition debug;
  debug.tool = "debug";
  debug.noun = "investigation";
  debug.pause_status = "pause_for_investigation";
  debug.skip_status = "certain_confidence_proceed_with_fix";
  debug.skip_next_steps =
      "Tell the user the cause with file and line, show the minimal fix, apply it if they asked for that, "
      "and run the "
      "tests that cover it. Do not start another investigation of the same fault.";
  debug.done_next_steps =
      "Compare the expert's hypotheses with your own evidence. Present the most likely cause with file and "
      "line, the "
      "minimal fix, and how to check it for regressions. Then make the fix if the user asked for it.";
  debug.considerations =
      "The expert saw only the findings and files listed here. Check each claim against the code before "
      "you act on it, "
      "and leave what is outside the reported fault alone.";
  debug.system_prompt = expert_prompt(
      "You are an experienced engineer who is asked for a second opinion on a fault that a colleague has "
      "investigated. Work from the evidence you are given: code, findings, logs. Rank the possible causes, "
      "the likeliest first; for each say what supports it and what would refute it, where in the code it "
      "lies (file and line), and the smallest change that removes it without touching unrelated behaviour. "
      "If the evidence shows no fault, say so and ask what is missing.",
      "Answer with one JSON object. If causes can be named: "
      "{\"status\":\"analysis_complete\",\"summary\":\"...\",\"hypotheses\":[{\"name\":\"...\","
      "\"confidence\":\"High|Medium|Low\",\"root_cause\":\"...\",\"evidence\":\"...\",\"validation\":\"...\","
      "\"minimal_fix\":\"...\",\"regression_check\":\"...\",\"file_references\":[\"file:line\"]}],\"key_"
      "findings\":[\"...\"],\"immediate_actions\":[\"...\"],\"prevention_strategy\":\"...\"}. If there is no "
      "fault: "
      "{\"status\":\"no_bug_found\",\"summary\":\"...\",\"areas_examined\":[\"...\"],\"confidence_level\":\"."
      "..\",\"alternative_explanations\":[\"...\"],\"recommended_questions\":[\"...\"]}.");
  debug.expert_task =
      "Find the cause of the fault described above and answer in the JSON form you were given.";
  debug.guidance.first = {
      {"Search the code for where the reported symptom can arise",
       "Read the files on that path, not only their names",
       "Follow the data from where it enters to where it goes wrong", "Note what changed lately around it"},
      "Do not call debug again yet. First look into the code: find where the symptom arises, read those "
      "files, and follow the data through them. Then call debug with step_number {next}, say in findings "
      "what you saw (file and line), name files_checked and relevant_files, and give "
      "your first hypothesis. That it is a misunderstanding and no bug is a valid finding."};
  debug.guidance.early = {
      {"Reproduce the symptom, or find the exact line that produces it",
       "Check the inputs, edge cases and error paths of that code",
       "Look for other callers that would show the same fault",
       "Write down what speaks against your hypothesis"},
      "Stop and look closer before step_number {next}. Find evidence for and against your hypothesis in the "
      "code itself: exact lines, values, order of "
      "events. If this path is wrong, set backtrack_from_step to where it began. Report only what you "
      "have seen."};
  debug.guidance.middle = {
      {"Prove the cause: show the line and the input that breaks it",
       "Check that the smallest fix you see would remove the symptom",
       "Look for what else this fix would touch", "Find a test that would have caught it"},
      "Before step_number {next}, verify the cause: trace it once more from input to symptom, rule out the "
      "next best explanation, "
      "and check what a minimal fix would change elsewhere. Raise confidence only for what you verified."};
  debug.guidance.late = {
      {"Confirm the cause against the code one last time", "Describe the minimal fix and its risk",
       "List the files an expert should read"},
      "You are nearly done. Confirm the cause once more, then call debug with step_number {next} and "
      "next_step_required false. Use confidence certain only if you have proved the cause and the "
      "fix is minimal and clear; the expert is then not asked."};
  debug.skip = toolpost::workflow::skip_when(
      "certain", {"skipped_due_to_certain_confidence",
                  "You are certain of the cause and the fix, so no expert was asked."});
  debug.reply.by_status = {
      {"analysis_complete", object_form({{"summary", "string"}, {"hypotheses", "array"}})},
      {"no_bug_found", object_form({{"summary", "string"}})}};
  return debug;
}

}  // namespace

using Debug = toolpost::workflow::Tool<make>;
TOOLPOST_PLUGIN(Debug)
