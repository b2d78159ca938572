// postmortem: a workflow tool of your own in about a hundred lines. It leads an agent from a timeline of an
// incident to its causes and to what shall change; an expert model then reads the result. Steps, threads,
// backtracking, files, the expert's brief and the check of its answer are the library's.
#include <toolpost/workflow/workflow.hpp>

namespace {

using namespace toolpost::workflow;
using toolpost::json;

/// What the expert's answer must hold. An answer without it is sent back once, with what is missing.
json review_form() {
  json form = object_form({{"summary", "string"}, {"causes", "array"}, {"actions", "array"}});
  form["properties"]["actions"]["items"] = object_form({{"action", "string"}, {"kind", "string"}});
  form["properties"]["actions"]["items"]["properties"]["kind"]["enum"] = {"prevent", "detect", "mitigate"};
  return form;
}

/// When no expert is asked: the agent is certain, or the incident was too small to bother one.
std::optional<Skip> skip(const Step& step, const Findings& findings) {
  if (findings.latest_text("impact", "") == "none")
    return Skip{"skipped_without_impact", "Nobody was affected, so no expert was asked."};
  if (step.confidence != "certain") return std::nullopt;
  return Skip{"skipped_due_to_certain_causes", "You are certain of the causes, so no expert was asked."};
}

Definition make() {
  Definition tool;
  tool.tool = "postmortem";
  tool.noun = "postmortem";
  tool.pause_status = "pause_for_postmortem";
  tool.skip_status = "postmortem_complete";
  tool.own_fields = {"incident", "impact"};  // kept with each step, shown to the expert
  tool.repeated = {"incident"};              // required in every call, so next_call fills it in
  tool.skip = skip;
  tool.count = [](const Step&, const Findings& findings, json& status) {
    status["causes_by_kind"] = findings.issues_by("kind");
  };

  tool.guidance.first = {{"Write down what happened with exact times, from logs and not from memory",
                          "Note who noticed what, and when", "Measure who was affected and for how long",
                          "Collect the changes of the day before"},
                         "Do not call postmortem again yet. Build the timeline first. Then call postmortem "
                         "with step_number {next}: "
                         "the timeline in findings, the impact in impact, logs and configuration in "
                         "relevant_files. Name systems and "
                         "decisions, never culprits."};
  tool.guidance.early = {
      {"Ask of each event what made it possible", "Look for the safeguard that should have stopped it",
       "Separate the trigger from what lay ready for it"},
      "Dig for causes before step_number {next}: behind every cause stands another, and a person's mistake "
      "is never "
      "the last one. Put each into issues_found as {kind, description}."};
  tool.guidance.middle = {
      {"Test each cause: would the incident have happened without it?", "Find why it took so long to notice",
       "Find what made it worse, and what went well"},
      "Before step_number {next}, check the causes against the timeline and withdraw those it does not "
      "support."};
  tool.guidance.late = {{"Give each cause one change that removes it", "Give each change an owner and a date",
                         "List the files an expert should read"},
                        "Finish: call postmortem with step_number {next} and next_step_required false. "
                        "Confidence certain asks no "
                        "expert."};

  tool.system_prompt = expert_prompt(
      "You have led many reviews of incidents. Read this one without blame: does the timeline carry the "
      "causes, "
      "which cause is missing, and would the changes have prevented, detected or shortened it?",
      "Answer with one JSON object: "
      "{\"status\":\"analysis_complete\",\"summary\":\"...\",\"causes\":[\"...\"],"
      "\"actions\":[{\"action\":\"...\",\"kind\":\"prevent|detect|mitigate\"}]}.");
  tool.expert_task = "Review the postmortem above and answer in the JSON form you were given.";
  tool.reply.by_status = json::object({{"analysis_complete", review_form()}});
  tool.skip_next_steps = "Write the postmortem: summary, timeline, causes, changes with owner and date.";
  tool.done_next_steps =
      "Write the postmortem: summary, timeline, causes, changes with owner and date. Take over what the "
      "expert adds "
      "and the timeline supports.";
  tool.considerations = "The expert saw only this report and the files listed here.";
  return tool;
}

}  // namespace

using Postmortem = Tool<make>;
TOOLPOST_PLUGIN(Postmortem)
