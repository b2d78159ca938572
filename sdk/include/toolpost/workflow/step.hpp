#pragma once
// One step of a workflow tool as the calling agent sends it, and the findings that steps add up to.
// All state is plain JSON that lives in a thread; nothing of it ever stays in the plugin.

#include <toolpost/plugin.hpp>

#include <algorithm>

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
};

inline std::vector<std::string> strings(const json& request, const char* key) {
  std::vector<std::string> found;
  for (const json& item : request.value(key, json::array())) {
    if (item.is_string()) found.push_back(item);
  }
  return found;
}

/// Fields are checked by the host against the manifest's schema; this only gives them types.
inline Step read_step(const json& request) {
  Step step;
  step.text = request.value("step", "");
  step.number = request.value("step_number", 1);
  step.more = request.value("next_step_required", false);
  step.total = std::max(request.value("total_steps", 1), step.number);
  step.findings = request.value("findings", "");
  step.hypothesis = request.value("hypothesis", "");
  step.confidence = request.value("confidence", "low");
  step.files_checked = strings(request, "files_checked");
  step.relevant_files = strings(request, "relevant_files");
  step.relevant_context = strings(request, "relevant_context");
  step.images = strings(request, "images");
  step.issues = request.value("issues_found", json::array());
  step.backtrack_from = request.value("backtrack_from_step", 0);
  step.use_expert = request.value("use_assistant_model", true);
  step.model = request.value("model", "auto");
  step.thinking_mode = request.value("thinking_mode", "");
  step.temperature = request.value("temperature", -1.0);
  step.use_websearch = request.value("use_websearch", true);
  step.continuation_id = request.value("continuation_id", "");
  return step;
}

/// What all steps of one run have found so far.
struct Findings {
  std::string initial_request;
  json history =
      json::array();  // of every step: number, text, findings, files, issues, hypothesis, confidence

  static Findings from_state(const json& state) {
    Findings findings;
    findings.initial_request = state.value("initial_request", "");
    findings.history = state.value("history", json::array());
    return findings;
  }
  json to_state() const { return {{"initial_request", initial_request}, {"history", history}}; }

  /// Forgets the steps from `number` on, for an agent that noticed a wrong turn.
  void backtrack(int number) {
    json kept = json::array();
    for (const json& step : history) {
      if (step.value("number", 0) < number) kept.push_back(step);
    }
    history = std::move(kept);
  }
  /// A step that is sent again replaces its first version.
  void add(const Step& step) {
    json kept = json::array();
    for (const json& one : history) {
      if (one.value("number", 0) != step.number) kept.push_back(one);
    }
    kept.push_back({{"number", step.number},
                    {"step", step.text},
                    {"findings", step.findings},
                    {"files_checked", step.files_checked},
                    {"relevant_files", step.relevant_files},
                    {"relevant_context", step.relevant_context},
                    {"issues_found", step.issues},
                    {"images", step.images},
                    {"hypothesis", step.hypothesis},
                    {"confidence", step.confidence}});
    history = std::move(kept);
    if (initial_request.empty()) initial_request = step.text;
  }
  /// All values of a list field over all steps, each once, first mention first.
  json united(const char* key) const {
    json all = json::array();
    for (const json& step : history) {
      for (const json& item : step.value(key, json::array())) {
        if (std::find(all.begin(), all.end(), item) == all.end()) all.push_back(item);
      }
    }
    return all;
  }
  int filled_steps() const {
    return static_cast<int>(std::count_if(history.begin(), history.end(), [](const json& step) {
      return !step.value("findings", "").empty();
    }));
  }
  std::string summary() const {
    std::string text;
    for (const json& step : history) {
      if (step.value("findings", "").empty()) continue;
      text += "Step " + std::to_string(step.value("number", 0)) + ": " + step.value("findings", "") + "\n";
    }
    return text;
  }
  json hypotheses() const {
    json all = json::array();
    for (const json& step : history) {
      if (step.value("hypothesis", "").empty()) continue;
      all.push_back(
          {{"step", step["number"]}, {"hypothesis", step["hypothesis"]}, {"confidence", step["confidence"]}});
    }
    return all;
  }
};

}  // namespace toolpost::workflow
