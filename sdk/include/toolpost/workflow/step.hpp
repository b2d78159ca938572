#pragma once
// One step of a workflow tool, as the calling agent sends it.

#include <toolpost/workflow/fields.hpp>

namespace toolpost::workflow {

struct Step {
  std::string text;
  int number = 1;
  int total = 1;
  bool more = false;  // next_step_required
  std::string findings;
  std::string hypothesis;
  std::string confidence = "low";
  std::vector<std::string> files_checked;
  std::vector<std::string> relevant_files;
  std::vector<std::string> relevant_context;
  std::vector<std::string> images;
  json issues = json::array();
  int backtrack_from = 0;  // 0: no
  bool use_expert = true;
  std::string model = "auto";
  std::string thinking_mode;
  double temperature = -1;  // below 0: not given
  bool use_websearch = true;
  std::string continuation_id;
  json own = json::object();         // the tool's own fields, as they were given
  std::vector<std::string> ignored;  // fields that nobody knows

  /// One of the tool's own text fields; `fallback` when this step does not give it.
  std::string own_text(const char* key, const std::string& fallback = {}) const {
    return text_field(own, key, fallback);
  }
};

/// Notes a field that nobody knows, for `metadata.ignored_fields`: the first 16, each as far as 64 bytes.
inline void add_ignored(std::vector<std::string>& ignored, const std::string& name) {
  if (ignored.size() < 16) ignored.push_back(name.substr(0, 64));
}

/// The fields that every workflow tool takes, and old names that are taken without being listed.
inline bool is_common_field(const std::string& name) {
  return is_one_of(name, {"step",
                          "step_number",
                          "total_steps",
                          "next_step_required",
                          "findings",
                          "hypothesis",
                          "confidence",
                          "files_checked",
                          "relevant_files",
                          "relevant_context",
                          "images",
                          "issues_found",
                          "backtrack_from_step",
                          "use_assistant_model",
                          "model",
                          "thinking_mode",
                          "temperature",
                          "use_websearch",
                          "continuation_id",
                          "files",
                          "absolute_file_paths"});
}

/// `own_fields` are the tool's; `confidence` is what an agent means that gives none.
/// Errors: invalid_input, naming the field.
inline Step read_step(const json& request, const std::vector<std::string>& own_fields = {},
                      const std::string& confidence = "low") {
  Step step;
  step.text = text_field(request, "step");
  step.number = count_field(request, "step_number", 1);
  step.more = flag_field(request, "next_step_required", false);
  step.total = std::max(count_field(request, "total_steps", 1), step.number);
  step.findings = text_field(request, "findings");
  step.hypothesis = text_field(request, "hypothesis");
  step.confidence = text_field(request, "confidence", confidence);
  step.files_checked = strings(request, "files_checked");
  step.relevant_files = paths_of(request, {"relevant_files", "files", "absolute_file_paths"});
  step.relevant_context = strings(request, "relevant_context");
  step.images = strings(request, "images");
  if (request.contains("issues_found")) step.issues = request["issues_found"];
  if (!step.issues.is_array()) refuse_field("issues_found", "a list");
  step.backtrack_from = count_field(request, "backtrack_from_step", 0);
  step.use_expert = flag_field(request, "use_assistant_model", true);
  step.model = text_field(request, "model", "auto");
  step.thinking_mode = text_field(request, "thinking_mode");
  step.temperature = number_field(request, "temperature", -1);
  step.use_websearch = flag_field(request, "use_websearch", true);
  step.continuation_id = text_field(request, "continuation_id");
  for (const auto& [name, value] : request.items()) {
    const bool own = std::find(own_fields.begin(), own_fields.end(), name) != own_fields.end();
    if (own) step.own[name] = value;
    if (!own && !is_common_field(name)) add_ignored(step.ignored, name);
  }
  return step;
}

}  // namespace toolpost::workflow
