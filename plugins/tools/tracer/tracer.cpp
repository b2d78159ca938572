// tracer: traces how code is called (precision) or what depends on what (dependencies); asks no model.
#include <toolpost/workflow/workflow.hpp>

namespace {

using namespace toolpost::workflow;
using toolpost::json;

std::string mode_of(const Findings& findings) {
  return findings.latest_text("trace_mode", "precision");
}

std::optional<Hold> hold(const Step& step, const Findings& findings) {
  if (step.own_text("trace_mode", mode_of(findings)) != "ask") return std::nullopt;
  return Hold{
      "mode_selection_required",
      {{"Explain precision: the path of calls from one function, with conditions and side effects",
        "Explain dependencies: what uses a class or module, and what it uses",
        "Ask the user which of the two they want", "Agree on the exact function, class or file to trace"},
       "Ask the user for the kind of trace and wait for the answer. Then call tracer with step_number {next} "
       "and "
       "trace_mode precision or dependencies, and the target in target_description."},
      {{"mode_selection_required", true}},
      step.number,
      {"trace_mode"}};
}

Guidance guide(const Step& step, const Findings& findings) {
  const bool calls = mode_of(findings) != "dependencies";
  if (step.number == 1 && calls) {
    return {
        {"Find the definition of the target and its exact signature",
         "Read its body and list every call it makes, in order", "Open each called function in turn",
         "Note conditions, loops and early returns on the way"},
        "Do not call tracer again yet. Find the entry point and follow its calls in the code, not from "
        "memory. Then call "
        "tracer with step_number {next}: the path so far in findings (file, line, condition), functions in "
        "relevant_context, files in relevant_files."};
  }
  if (step.number == 1) {
    return {{"Find the definition of the target and what it exports",
             "Search for everything that uses it: calls, imports, inheritance",
             "List what it uses itself, libraries included", "Note shared state that it reads or writes"},
            "Do not call tracer again yet. Search the whole project for uses of the target, and read it for "
            "what it uses. Then "
            "call tracer with step_number {next}: both directions in findings with file and line, names in "
            "relevant_context, files in relevant_files."};
  }
  if (!is_one_of(step.confidence, {"high", "very_high", "almost_certain", "certain"})) {
    if (calls) {
      return {
          {"Open every call that is only named so far",
           "Resolve virtual calls, callbacks and events to their targets",
           "Record side effects: writes, network, shared state", "Mark what cannot be decided from the code"},
          "Go on tracing before step_number {next}: no step of the path may be a guess. Where several "
          "targets are "
          "possible, list them with the condition that decides."};
    }
    return {{"Check uses through interfaces, templates, configuration and reflection",
             "Separate what is needed from what is incidental", "Look for cycles",
             "Check tests and scripts for further uses"},
            "Go on before step_number {next}: confirm each dependency in the code, give its kind (call, "
            "type, data, build) and "
            "its direction, and mark what cannot be decided."};
  }
  return {{"Check the trace against the code once, from start to end",
           "Make sure that each entry has file and line",
           calls ? "List branches and side effects" : "List cycles and surprising dependencies",
           "Name what stays unresolved"},
          "The trace is nearly whole. Call tracer with step_number {next} and next_step_required false, with "
          "the complete trace "
          "in findings; you are then told how to present it."};
}

void shape(const Step& step, const Findings& findings, json& response) {
  response["step_content"] = step.text;
  response["tracer_status"]["step_history_length"] = findings.history.size();
  response["metadata"]["trace_mode"] = mode_of(findings);
  response["metadata"]["target_description"] = findings.latest_text("target_description", "");
  response["metadata"]["step_history_length"] = findings.history.size();
  if (!response.contains("complete_tracing")) return;
  const bool calls = mode_of(findings) != "dependencies";
  response["tracing_complete"] = true;
  response["trace_summary"] = findings.summary();
  response["output"] = {
      {"instructions",
       "Present the complete trace to the user in the form given here, from the findings alone."},
      {"format", (calls ? std::string("precision") : std::string("dependencies")) + "_trace_analysis"},
      {"rendering_instructions", calls ? "Draw the calls as an indented tree that begins at the target, one "
                                         "line a call: Class.method, then (file:line). Put "
                                         "conditions in brackets before the call they guard, mark loops, and "
                                         "mark undecided targets with a question "
                                         "mark. Below it a table of branches (place, condition, where to) "
                                         "and one of side effects (kind, what, place)."
                                       : "Draw two lists around the target: incoming (who uses it) and "
                                         "outgoing (what it uses), one line each with kind of "
                                         "use and (file:line). Group by module, show cycles on lines of "
                                         "their own, then list types and shared state "
                                         "with their readers and writers."},
      {"presentation_guidelines",
       {{"completed_trace", "Show the drawing first, then the tables, then what stays unresolved."},
        {"step_content", "Every entry names its place; nothing is shown that was not read in the code."},
        {"continuation", "Offer to trace on from any node; continuation_id keeps this trace at hand."}}}};
}

Definition make() {
  Definition tool;
  tool.tool = "tracer";
  tool.noun = "tracing";
  tool.status_key = "tracer_status";
  tool.required_key = "tracer_required";
  tool.pause_status = "pause_for_tracing";
  tool.skip_status = "tracing_complete";
  tool.own_fields = {"trace_mode", "target_description"};
  tool.repeated = {"trace_mode", "target_description"};
  tool.skip_next_steps =
      "Draw the trace as output.rendering_instructions says and show it to the user; explain the two or "
      "three things that they "
      "would not expect.";
  tool.guide = guide;
  tool.hold = hold;
  tool.shape = shape;
  tool.skip = skip_always(
      {"skipped_by_tool_design", "tracer asks no model; the trace is what you read in the code."});
  return tool;
}

}  // namespace

using Tracer = Tool<make>;
TOOLPOST_PLUGIN(Tracer)
