#pragma once
// What the steps of one run add up to. All state is plain JSON that lives in a thread; nothing of it ever
// stays in the plugin.

#include <toolpost/workflow/image_embedding.hpp>
#include <toolpost/workflow/step.hpp>

namespace toolpost::workflow {

struct Findings {
  std::string initial_request;
  json history =
      json::array();  // of every step: number, text, findings, files, issues, hypothesis, confidence, own

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
  /// A step that is sent again replaces its first version; in another branch it is another step.
  void add(const Step& step) {
    const std::string branch = step.own_text("branch_id");
    json kept = json::array();
    for (const json& one : history) {
      if (one.value("number", 0) != step.number || branch_of(one) != branch) kept.push_back(one);
    }
    json images = json::array();
    for (const std::string& image : step.images) images.push_back(image_label(image));
    json entry = {{"number", step.number},
                  {"step", step.text},
                  {"findings", step.findings},
                  {"files_checked", step.files_checked},
                  {"relevant_files", step.relevant_files},
                  {"relevant_context", step.relevant_context},
                  {"issues_found", step.issues},
                  {"images", images},
                  {"hypothesis", step.hypothesis},
                  {"confidence", step.confidence}};
    if (!step.own.empty()) entry["own"] = step.own;
    kept.push_back(std::move(entry));
    history = std::move(kept);
    if (initial_request.empty()) initial_request = step.text;
  }
  /// Takes over what `mine` added last beside what another call has added meanwhile; neither replaces the
  /// other. A call that was only sent twice is kept once.
  void keep_beside(const Findings& mine) {
    if (mine.history.empty()) return;
    const json& last = mine.history.back();
    if (std::find(history.begin(), history.end(), last) == history.end()) history.push_back(last);
  }
  static std::string branch_of(const json& entry) {
    return text_field(entry.value("own", json::object()), "branch_id");
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
  /// The latest value of one of the tool's own fields; null if no step gave one.
  json latest(const char* key) const {
    for (auto step = history.rbegin(); step != history.rend(); ++step) {
      const json value = field(step->value("own", json::object()), key);
      if (!value.is_null()) return value;
    }
    return {};
  }
  std::string latest_text(const char* key, const std::string& fallback) const {
    const json value = latest(key);
    return value.is_string() ? value.get<std::string>() : fallback;
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
  /// How many issues there are of each value of `key`, such as "severity".
  json issues_by(const char* key) const {
    json counts = json::object();
    for (const json& issue : united("issues_found")) {
      const json value = issue.is_object() ? field(issue, key) : json();
      const std::string name = value.is_string() ? value.get<std::string>() : "unknown";
      counts[name] = counts.value(name, 0) + 1;
    }
    return counts;
  }
};

}  // namespace toolpost::workflow
