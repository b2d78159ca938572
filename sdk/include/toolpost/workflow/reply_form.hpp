#pragma once
// What an expert's answer must look like, and what is wrong with one that does not. Not a validator for
// anything else: it knows `type`, `enum`, `required`, `properties` and `items`, and stops at the first fault.

#include <toolpost/workflow/answer_facts.hpp>

namespace toolpost::workflow {

/// The form of an answer: a JSON object per status, or text that holds certain marks.
struct ReplyForm {
  json by_status = json::object();  // status -> schema; empty: the answer is text
  std::vector<std::string> marks;   // each must occur in a text answer, such as a heading
};

/// The schema of an object that has these members, each of the named JSON type.
inline json object_form(std::initializer_list<std::pair<const char*, const char*>> members) {
  json schema = {{"type", "object"}, {"required", json::array()}, {"properties", json::object()}};
  for (const auto& [name, type] : members) {
    schema["required"].push_back(name);
    schema["properties"][name] = {{"type", type}};
  }
  return schema;
}

inline bool is_of_type(const json& value, const std::string& type) {
  if (type == "string") return value.is_string();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  if (type == "boolean") return value.is_boolean();
  if (type == "integer") return value.is_number_integer();
  return value.is_number();
}

/// The first thing in `value` that is against `schema`, as a sentence; empty if nothing is.
inline std::string schema_problem(const json& schema, const json& value, const std::string& where,
                                  int depth = 0) {
  constexpr int kDepthMax = 16;  // schemas come with the plugin; answers do not
  if (depth > kDepthMax) return where + " is nested too deeply";
  if (schema.contains("type") && !is_of_type(value, schema["type"]))
    return where + " must be of type " + schema["type"].get<std::string>();
  if (schema.contains("enum") &&
      std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
    return where + " must be one of " + schema["enum"].dump();
  for (const json& key : schema.value("required", json::array())) {
    if (!value.contains(key.get<std::string>())) return where + "." + key.get<std::string>() + " is missing";
  }
  if (value.is_object() && schema.contains("properties")) {
    for (const auto& [key, inner] : schema["properties"].items()) {
      if (!value.contains(key)) continue;
      std::string problem = schema_problem(inner, value[key], where + "." + key, depth + 1);
      if (!problem.empty()) return problem;
    }
  }
  if (value.is_array() && schema.contains("items")) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      std::string problem =
          schema_problem(schema["items"], value[i], where + "[" + std::to_string(i) + "]", depth + 1);
      if (!problem.empty()) return problem;
    }
  }
  return {};
}

/// What any expert may say instead of an analysis, because it cannot judge from what it was shown.
inline const json& requests_for_more() {
  static const json forms = [] {
    json files = object_form({{"mandatory_instructions", "string"}, {"files_needed", "array"}});
    files["properties"]["files_needed"]["items"] = {{"type", "string"}};
    const json reason = object_form({{"reason", "string"}});
    const json any = {{"type", "object"}};
    return json{{"files_required_to_continue", files},
                {"focused_review_required", reason},
                {"full_codereview_required", reason},
                {"test_sample_needed", reason},
                {"more_tests_required", object_form({{"pending_tests", "string"}})},
                {"investigation_paused", any},
                {"refactoring_paused", any}};
  }();
  return forms;
}

/// The JSON object in a model's answer, which may stand in a fence or in prose; null if there is none.
inline json object_in(const std::string& text) {
  const std::size_t open = text.find('{');
  const std::size_t close = text.rfind('}');
  if (open == std::string::npos || close == std::string::npos || close < open) return {};
  json parsed = json::parse(text.begin() + static_cast<std::ptrdiff_t>(open),
                            text.begin() + static_cast<std::ptrdiff_t>(close) + 1, nullptr, false);
  return parsed.is_object() ? parsed : json();
}

struct CheckedReply {
  json analysis;        // what becomes expert_analysis
  std::string problem;  // why the form is wrong; empty if it is right
};

/// Takes an answer apart. One that has another form is kept as text, with the problem named.
inline CheckedReply check_reply(const ReplyForm& form, const std::string& text) {
  if (is_blank(text)) {
    return {{{"status", "empty_response"}, {"error", "the model answered nothing"}}, "it is empty"};
  }
  const json as_text = {{"status", "analysis_complete"}, {"raw_analysis", text}, {"format", "text"}};
  json parsed = object_in(text);
  const json named = parsed.is_object() ? field(parsed, "status") : json();
  const std::string status = named.is_string() ? named.get<std::string>() : "";
  if (requests_for_more().contains(status)) {
    const std::string problem = schema_problem(requests_for_more()[status], parsed, "the answer");
    if (problem.empty()) return {parsed, {}};
    return {as_text, problem};
  }
  if (form.by_status.empty()) {
    for (const std::string& mark : form.marks) {
      if (text.find(mark) == std::string::npos) return {as_text, "it has no \"" + mark + "\""};
    }
    return {as_text, {}};
  }
  if (!parsed.is_object()) return {as_text, "it is no JSON object"};
  if (!form.by_status.contains(status)) {
    std::string allowed;
    for (const auto& [name, schema] : form.by_status.items()) allowed += (allowed.empty() ? "" : ", ") + name;
    return {as_text, "\"status\" must be one of " + allowed};
  }
  const std::string problem = schema_problem(form.by_status[status], parsed, "the answer");
  if (problem.empty()) return {parsed, {}};
  return {as_text, problem};
}

}  // namespace toolpost::workflow
