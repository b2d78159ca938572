// docgen: has an agent document code file by file, and keeps count until every file is done; asks no model.
#include <toolpost/workflow/workflow.hpp>

namespace {

using namespace toolpost::workflow;
using toolpost::json;

int count_of(const Findings& findings, const char* key) {
  const json value = findings.latest(key);
  return value.is_number_integer() ? value.get<int>() : 0;
}

bool wants(const Findings& findings, const char* key) {
  const json value = findings.latest(key);
  return !value.is_boolean() || value.get<bool>();
}

/// What a documented function needs, as the flags of this run ask for it.
std::string wanted_contents(const Findings& findings) {
  std::string text = "purpose, parameters, result and errors";
  if (wants(findings, "document_complexity")) text += ", cost in time and memory";
  if (wants(findings, "document_flow")) text += ", callers and callees";
  text += wants(findings, "comments_on_complex_logic") ? "; comments inside hard passages"
                                                       : "; no comments inside bodies";
  text +=
      wants(findings, "update_existing") ? "; outdated comments are corrected" : "; existing comments stay";
  return text;
}

Guidance guide(const Step& step, const Findings& findings) {
  const int done = count_of(findings, "num_files_documented");
  const int total = count_of(findings, "total_files_to_document");
  if (step.number == 1) {
    return {{"List the source files in scope and count them",
             "Learn the project's comment style from a well documented file",
             "Note which functions are public and which are hard to follow",
             "Leave out generated and foreign code"},
            "Do not change code yet. Count the files, then call docgen with step_number {next}, "
            "total_files_to_document set to that "
            "number, num_files_documented 0, and the file list in relevant_files. From then on document one "
            "file a step."};
  }
  if (total == 0) {
    return {{"Look for source files in scope once more, also in folders that look unimportant",
             "If there are some, count them and raise total_files_to_document",
             "If there are none, say in findings where you looked", "Leave out generated and foreign code"},
            "No file to document has been counted. If there are files after all, call docgen with "
            "step_number {next} "
            "and total_files_to_document set to their number; else call it with step_number {next} and "
            "next_step_required false, and say in findings that there is nothing to document."};
  }
  if (done >= total) {
    return {{"Read every new comment against its code once more",
             "Check that nothing but comments changed: build, or compare",
             "Collect the faults noticed on the way for the user",
             "Update the overview page if the project has one"},
            "All " + std::to_string(total) +
                " files are counted as documented. Check them, then call docgen with step_number {next} "
                "and next_step_required false, and report faults that you saw but did not fix."};
  }
  return {
      {"Take the next file and read all of it before writing",
       "Document every function and type in it: " + wanted_contents(findings),
       "Compare each comment with what the code really does", "Note faults you see; do not fix them here"},
      std::to_string(done) + " of " + std::to_string(total) +
          " files are documented. Finish one file completely, then call docgen with step_number {next} and "
          "num_files_documented "
          "raised by one. Change comments only, never logic. Name the finished file in findings."};
}

std::optional<Hold> hold(const Step& step, const Findings& findings) {
  const int done = count_of(findings, "num_files_documented");
  const int total = count_of(findings, "total_files_to_document");
  if (step.more || done >= total) return std::nullopt;
  return Hold{
      "documentation_analysis_required",
      {{"Find the files of the list that have no documentation yet",
        "Document the next one completely: " + wanted_contents(findings),
        "Raise num_files_documented only for files that are finished"},
       "The run cannot end here: " + std::to_string(done) + " of " + std::to_string(total) +
           " files are documented. Document the next file, then call docgen with step_number {next} and "
           "num_files_documented " +
           std::to_string(done + 1) +
           ". If a file needs nothing or is out of scope, lower total_files_to_document and say why."},
      {{"pause_for_docgen", true}},
      0,
      {}};
}

Definition make() {
  Definition tool;
  tool.tool = "docgen";
  tool.noun = "documentation_analysis";
  tool.pause_status = "pause_for_documentation_analysis";
  tool.skip_status = "documentation_analysis_complete";
  tool.own_fields = {"document_complexity",       "document_flow",        "update_existing",
                     "comments_on_complex_logic", "num_files_documented", "total_files_to_document"};
  tool.repeated = tool.own_fields;
  tool.skip_next_steps =
      "Tell the user which files are documented now and list the faults you noticed without fixing them, "
      "with file and line. Offer "
      "to show the changes; commit nothing unless they ask.";
  tool.guide = guide;
  tool.hold = hold;
  tool.skip = skip_always(
      {"skipped_due_to_complete_analysis", "docgen asks no model; the files are documented by you."});
  tool.count = [](const Step&, const Findings& findings, json& status) {
    status["documentation_strategies"] = findings.united("relevant_context").size();
    status["num_files_documented"] = count_of(findings, "num_files_documented");
    status["total_files_to_document"] = count_of(findings, "total_files_to_document");
  };
  tool.shape = [](const Step& step, const Findings& findings, json& response) {
    // One step to look around, then one a file.
    response["total_steps"] = std::max(step.total, 1 + count_of(findings, "total_files_to_document"));
    if (response.contains("complete_documentation_analysis"))
      response["documentation_analysis_complete"] = true;
  };
  return tool;
}

}  // namespace

using DocGen = Tool<make>;
TOOLPOST_PLUGIN(DocGen)
