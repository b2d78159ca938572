// planner: builds a plan step by step, with revisions and branches; asks no model.
#include <toolpost/workflow/workflow.hpp>

namespace {

using namespace toolpost::workflow;
using toolpost::json;

constexpr int kDeepStepsMin = 5;  // plans from this size on begin with thinking
constexpr int kDeepStepLast = 3;

json own_of(const json& entry) {
  return entry.value("own", json::object());
}

json branches_of(const Findings& findings) {
  json branches = json::array();
  for (const json& entry : findings.history) {
    const std::string branch = Findings::branch_of(entry);
    if (!branch.empty() && std::find(branches.begin(), branches.end(), json(branch)) == branches.end())
      branches.push_back(branch);
  }
  return branches;
}

bool has_step(const Findings& findings, int number) {
  return std::any_of(findings.history.begin(), findings.history.end(),
                     [&](const json& entry) { return entry["number"] == number; });
}

/// The plan as it stands: the main line with its revisions in place, then each branch.
std::string plan_text(const Findings& findings) {
  std::string text;
  const auto lines_of = [&](const std::string& branch) {
    for (const json& entry : findings.history) {
      if (Findings::branch_of(entry) != branch) continue;
      const int number = entry["number"];
      const bool revised =
          std::any_of(findings.history.begin(), findings.history.end(), [&](const json& other) {
            return count_field(own_of(other), "revises_step_number", 0) == number &&
                   Findings::branch_of(other) == branch && other["number"] != number;
          });
      if (revised) continue;
      text += std::to_string(number) + ". " + entry.value("step", "");
      if (const int old = count_field(own_of(entry), "revises_step_number", 0); old > 0)
        text += " (replaces step " + std::to_string(old) + ")";
      if (const int from = count_field(own_of(entry), "branch_from_step", 0); from > 0)
        text += " (branches off step " + std::to_string(from) + ")";
      text += "\n";
    }
  };
  lines_of("");
  for (const json& branch : branches_of(findings)) {
    text += "\nBranch " + branch.get<std::string>() + ":\n";
    lines_of(branch);
  }
  return text;
}

const Guidance kDeepWords[] = {
    {{"Write down the goal and how you will know it is reached",
      "Collect constraints: time, people, systems, what must not break",
      "Look at the code or data that the plan touches",
      "Name the largest unknown and how to remove it early"},
     "This plan is large, so think before you list tasks. Do not call planner again until you have the goal, "
     "the "
     "constraints and the unknowns. Then call planner with step_number {next} and state the overall approach "
     "and why you "
     "chose it over at least one other."},
    {{"Compare two approaches that differ in kind", "Check what each rules out later",
      "Find the order that gives feedback soonest", "Name what could fail and the way back"},
     "Keep thinking: test the approach against the constraints before you go into detail. Use "
     "is_branch_point with "
     "branch_id to keep a second approach alive. Then call planner with step_number {next} and the main "
     "phases, each with "
     "its result."},
    {{"Check that each phase leaves the system working", "Find dependencies between phases",
      "Decide what is proved before money or data are at stake",
      "Revise an earlier step if this one contradicts it"},
     "One more look at the whole before the details. If a phase does not hold, revise it with "
     "is_step_revision and "
     "revises_step_number. Then call planner with step_number {next} and begin with the concrete tasks of "
     "the first phase."}};

std::optional<Hold> hold(const Step& step, const Findings&) {
  if (!step.more || step.total < kDeepStepsMin || step.number > kDeepStepLast) return std::nullopt;
  const Guidance& words = kDeepWords[step.number - 1];
  return Hold{"pause_for_deep_thinking",
              words,
              {{"thinking_required", true}, {"required_thinking", words.actions}},
              0,
              {}};
}

Guidance guide(const Step& step, const Findings&) {
  if (step.number == 1) {
    return {
        {"State the goal, the limits and who will use the result",
         "Look at what exists before planning what is new", "Name the unknowns that could overturn the plan",
         "Choose an approach and say what else you considered"},
        "Think about this step before you go on. Then call planner with step_number {next}: one concrete "
        "step of the "
        "plan, with its result and what it depends on. Raise total_steps when more turn up."};
  }
  if (step.number + 1 >= step.total && !flag_field(step.own, "more_steps_needed", false)) {
    return {{"Check the plan for gaps: testing, roll-out, way back, documentation",
             "Check that the order respects every dependency", "Settle open branches: choose one and say why",
             "Ask what will be forgotten most easily"},
            "The plan is almost whole. Then call planner with step_number {next} and next_step_required "
            "false for the last "
            "step, or set more_steps_needed and raise total_steps if something is missing."};
  }
  return {{"Check this step against those before it",
           "Say who or what it depends on and how its result is verified", "Split it if it hides a decision",
           "Open a branch if two ways are worth keeping"},
          "Reflect, then call planner with step_number {next}. To change an earlier step set "
          "is_step_revision and "
          "revises_step_number; to explore another way set is_branch_point, branch_from_step and branch_id."};
}

json unknown_steps(const Step& step, const Findings& findings) {
  json notes = json::array();
  for (const char* key : {"revises_step_number", "branch_from_step"}) {
    const int number = count_field(step.own, key, 0);
    if (number > 0 && !has_step(findings, number))
      notes.push_back(std::string(key) + " " + std::to_string(number) + " is no step of this plan");
  }
  return notes;
}

void shape(const Step& step, const Findings& findings, json& response) {
  response["step_content"] = step.text;
  response["planner_status"]["step_history_length"] = findings.history.size();
  const auto number = [&](const char* key) {
    const int value = count_field(step.own, key, 0);
    return value > 0 ? json(value) : json();
  };
  response["metadata"].update(json{{"branches", branches_of(findings)},
                                   {"step_history_length", findings.history.size()},
                                   {"is_step_revision", flag_field(step.own, "is_step_revision", false)},
                                   {"revises_step_number", number("revises_step_number")},
                                   {"is_branch_point", flag_field(step.own, "is_branch_point", false)},
                                   {"branch_from_step", number("branch_from_step")},
                                   {"branch_id", field(step.own, "branch_id")},
                                   {"more_steps_needed", flag_field(step.own, "more_steps_needed", false)}});
  if (json notes = unknown_steps(step, findings); !notes.empty()) response["planning_notes"] = notes;
  if (!response.contains("complete_planning")) return;
  response["planning_complete"] = true;
  response["plan_summary"] = plan_text(findings);
  response["complete_planning"]["work_summary"] = plan_text(findings);
  response["output"] = {
      {"instructions",
       "Present plan_summary to the user as a plan they can work from; keep its order and its numbers."},
      {"format", "step_by_step_planning"},
      {"presentation_guidelines",
       {{"completed_plans",
         "Group the steps into phases with a heading and a result each; show dependencies, and a diagram "
         "if order alone does not tell them."},
        {"step_content", "Keep every decision and its reason; name alternatives that were set aside."},
        {"continuation",
         "Offer to go deeper into one phase, or to begin; continuation_id keeps the plan at hand."}}}};
}

Definition make() {
  Definition tool;
  tool.tool = "planner";
  tool.noun = "planning";
  tool.status_key = "planner_status";
  tool.required_key = "planner_required";
  tool.pause_status = "pause_for_planning";
  tool.skip_status = "planning_complete";
  tool.own_fields = {"is_step_revision", "revises_step_number", "is_branch_point",
                     "branch_from_step", "branch_id",           "more_steps_needed"};
  tool.skip_next_steps =
      "Show the user the whole plan as output says, with phases, order and open points. Ask for approval "
      "before you begin "
      "unless they already gave it.";
  tool.guide = guide;
  tool.hold = hold;
  tool.shape = shape;
  tool.skip = skip_always({"skipped_by_tool_design", "planner asks no model; the plan is yours."});
  return tool;
}

}  // namespace

using Planner = Tool<make>;
TOOLPOST_PLUGIN(Planner)
