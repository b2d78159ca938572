// analyze: assesses code - its architecture, performance, security or quality - step by step, without looking
// for single bugs.
#include <toolpost/workflow/workflow.hpp>

namespace {

using namespace toolpost::workflow;

Definition make() {
  Definition tool;
  tool.tool = "analyze";
  tool.noun = "analysis";
  tool.required_key = "analyze_required";
  tool.pause_status = "pause_for_analysis";
  tool.skip_status = "analysis_complete_ready_for_implementation";
  tool.own_fields = {"analysis_type", "output_format"};
  tool.skip_next_steps = "Present the assessment to the user.";
  tool.done_next_steps =
      "Give the user one assessment: the state of the code in a few sentences, then strengths, risks and "
      "opportunities ordered by what they are worth, each with files. Say which points come from the expert, "
      "and "
      "propose what to do first. Change nothing unless they ask.";
  tool.considerations =
      "The expert judged from the findings and files listed here and saw neither the history nor the plans "
      "of the "
      "project. Drop advice that adds machinery without a need you can name.";
  tool.system_prompt = expert_prompt(
      "You are a principal engineer who assesses a code base for the people who must live with it. Judge "
      "what "
      "matters over years: boundaries, data flow, coupling, failure behaviour, scalability, ease of change. "
      "Use "
      "the evidence you are given and refer to files and lines; leave style and single bugs to reviews. Heed "
      "analysis_type in SETTINGS, and let output_format decide the length: summary, detailed, or actionable "
      "(steps only). Propose no rewrite where a small change serves.",
      "Answer in Markdown with exactly these headings: \"## Assessment\", \"## Strengths\", \"## Risks\" "
      "(each: "
      "where, why it matters, how likely), \"## Next steps\" (ordered by benefit over effort). If only a "
      "review of "
      "every line can answer: "
      "{\"status\":\"full_codereview_required\",\"important\":\"...\",\"reason\":\"...\"}.");
  tool.expert_task = "Assess the code described above under the four headings you were given.";
  tool.reply.marks = {"## Assessment", "## Strengths", "## Risks", "## Next steps"};
  tool.guidance.first = {
      {"Map the folders, entry points and main dependencies", "Read the files that others depend on most",
       "Follow one request or data item through all layers",
       "Note where the design says one thing and the code another"},
      "Do not call analyze again yet. Read the code first: structure, boundaries, then the central files. "
      "Then "
      "call analyze with step_number {next}; put what you saw (with files) into findings, strengths as well "
      "as "
      "weaknesses, and name the files that show it in relevant_files."};
  tool.guidance.early = {
      {"Open the parts you have only inferred so far", "Check how errors, limits and concurrency are handled",
       "Look for knowledge that is kept in more than one place", "Note which parts change together"},
      "Look deeper before step_number {next}: read what you have not opened yet and test your first picture "
      "against it. Report patterns with two or more places that show them, not single lines."};
  tool.guidance.middle = {{"Weigh each risk: how likely, how bad, how costly to remove",
                           "Find what the code already does well and why",
                           "Check whether tests would notice a change of the risky parts",
                           "Name the assumption that growth would break"},
                          "Before step_number {next}, turn observations into judgement: rank risks and "
                          "opportunities, and support each "
                          "with files. Drop what is only taste."};
  tool.guidance.late = {
      {"Order the findings by what they are worth", "Check that each one names its files",
       "Choose the files an expert should read", "Write the one-paragraph verdict"},
      "Finish: call analyze with step_number {next} and next_step_required false. An expert model then "
      "assesses "
      "the files you named; set use_assistant_model to false if you want your own findings only."};
  // Every analysis ends with an expert: an assessment is an opinion, and a second one is what it is for.
  tool.skip = [](const Step&, const Findings&) -> std::optional<Skip> { return std::nullopt; };
  tool.count = [](const Step& step, const Findings& findings, toolpost::json& status) {
    status["insights_by_severity"] = findings.issues_by("severity");
    status["analysis_confidence"] = step.confidence;
  };
  return tool;
}

}  // namespace

using Analyze = Tool<make>;
TOOLPOST_PLUGIN(Analyze)
