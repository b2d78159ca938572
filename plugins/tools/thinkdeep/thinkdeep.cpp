// thinkdeep: thinks a hard question through step by step; an expert model then looks for what was missed.
#include <toolpost/workflow/workflow.hpp>

namespace {

using namespace toolpost::workflow;

void count(const Step& step, const Findings& findings, toolpost::json& status) {
  status["current_step"] = step.number;
  status["total_steps"] = step.total;
  status["thinking_confidence"] = step.confidence;
  const toolpost::json focus = findings.latest("focus_areas");
  status["analysis_focus"] = focus.is_array() && !focus.empty() ? focus : toolpost::json::array({"general"});
}

void shape(const Step& step, const Findings&, toolpost::json& response) {
  if (!response.contains("complete_thinking")) return;
  response["thinking_complete"] = true;
  response["completion_message"] =
      step.confidence == "certain" ? "The question is thought through; you may act on the conclusion."
                                   : "The thinking is done; weigh the second opinion before acting on it.";
}

Definition make() {
  Definition tool;
  tool.tool = "thinkdeep";
  tool.noun = "thinking";
  tool.required_key = "thinkdeep_required";
  tool.pause_status = "pause_for_thinkdeep";
  tool.skip_status = "deep_thinking_complete_ready_for_implementation";
  tool.own_fields = {"problem_context", "focus_areas"};
  tool.temperature = 0.7;
  tool.thinking = "high";
  tool.expert = ExpertRule::always;
  tool.skip_next_steps =
      "Give the user your conclusion first, then the reasons that carry it, the alternatives you set aside "
      "and "
      "why, and what would change your mind. Then act on it if they asked for that.";
  tool.done_next_steps =
      "Set the second opinion beside your own conclusion: say where both agree, where they differ and who "
      "has "
      "the better evidence. Give the user one conclusion with its reasons, risks and open questions.";
  tool.considerations =
      "The expert knew only what is written in the steps and files named here. A point that you can refute "
      "from "
      "the code or from the user's own words is refuted; say so rather than averaging the two views.";
  tool.system_prompt = expert_prompt(
      "You are a thinking partner for an engineer who has worked on a hard question and wants it challenged, "
      "not "
      "praised. Take the reasoning apart: which assumptions carry it, which of them are unproved, which "
      "alternatives were not considered, what breaks at the edges, under load, over years. Prefer the "
      "simplest "
      "answer that holds, and stay within the question.",
      "Answer in Markdown with exactly these headings: \"## Assessment\" (does the conclusion hold, and how "
      "sure "
      "are you), \"## Blind spots\" (what was missed, each with its consequence), \"## Recommendation\" "
      "(what to "
      "do, in order).");
  tool.expert_task = "Challenge the reasoning above and answer under the three headings you were given.";
  tool.reply.marks = {"## Assessment", "## Blind spots", "## Recommendation"};
  tool.guidance.first = {
      {"Write down what is really asked and what is taken for granted",
       "Look up the facts in code, docs or data that the answer depends on",
       "List at least two alternatives that differ in kind", "Name what would prove each of them wrong"},
      "Do not call thinkdeep again at once. Gather the facts first: read the code or data in question and "
      "separate what you know from what you assume. Then call thinkdeep with step_number {next}, put the "
      "facts "
      "and alternatives into findings, and name the files that carry them in relevant_files."};
  tool.guidance.early = {
      {"Test the assumption that carries the most weight", "Follow each alternative to its consequences",
       "Look for a case where your favourite fails", "Ask what somebody who disagrees would say"},
      "Think further before step_number {next}. Try to break your own line of thought on a concrete case, "
      "and "
      "say in findings what held and what did not. If a line is wrong, set backtrack_from_step to where it "
      "began."};
  tool.guidance.middle = {
      {"Compare the remaining alternatives on cost, risk and what they rule out later",
       "Check limits: scale, failure, security, change over time",
       "Find evidence for the point you doubt most", "State your conclusion in two sentences"},
      "Before step_number {next}, narrow it down: rule alternatives out with evidence, not taste, and check "
      "the "
      "conclusion at its limits. Raise confidence only for what you tested."};
  tool.guidance.late = {
      {"Write the conclusion with the reasons that carry it", "Note the risks that stay and who bears them",
       "Name what is still open", "List the files the second opinion should read"},
      "Close it: call thinkdeep with step_number {next} and next_step_required false. Use confidence certain "
      "only "
      "if no second opinion could change the conclusion; none is then asked for."};
  tool.skip = skip_when("certain", {"skipped_due_to_certain_thinking_confidence",
                                    "You are certain of the conclusion, so no expert was asked."});
  tool.count = count;
  tool.shape = shape;
  return tool;
}

}  // namespace

using ThinkDeep = Tool<make>;
TOOLPOST_PLUGIN(ThinkDeep)
