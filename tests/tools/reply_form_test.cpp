#include <toolpost/workflow/expert.hpp>

#include "catch.hpp"

using namespace toolpost::workflow;
using toolpost::json;

namespace {

ReplyForm issues_form() {
  json schema = object_form({{"summary", "string"}, {"issues", "array"}});
  schema["properties"]["issues"]["items"] = object_form({{"severity", "string"}, {"line", "integer"}});
  schema["properties"]["issues"]["items"]["properties"]["severity"]["enum"] = {"high", "low"};
  ReplyForm form;
  form.by_status = json::object({{"analysis_complete", schema}});
  return form;
}

std::string problem_of(const std::string& text) {
  return check_reply(issues_form(), text).problem;
}

}  // namespace

TEST_CASE("reply form: an answer is taken out of its fence or prose", "[tools]") {
  const std::string good =
      R"({"status":"analysis_complete","summary":"s","issues":[{"severity":"low","line":7}]})";
  for (const std::string& text :
       {good, "```json\n" + good + "\n```", "Here it is:\n" + good + "\nThat is all."}) {
    const CheckedReply checked = check_reply(issues_form(), text);
    CHECK(checked.problem == "");
    CHECK(checked.analysis == json::parse(good));
  }
}

TEST_CASE("reply form: the first fault is named with its place", "[tools]") {
  CHECK(problem_of("   \n") == "it is empty");
  CHECK(problem_of("All is well.") == "it is no JSON object");
  CHECK(problem_of("[1,2]") == "it is no JSON object");
  CHECK(problem_of(R"({"summary":"s"})") == "\"status\" must be one of analysis_complete");
  CHECK(problem_of(R"({"status":7})") == "\"status\" must be one of analysis_complete");
  CHECK(problem_of(R"({"status":"analysis_complete","summary":"s"})") == "the answer.issues is missing");
  CHECK(problem_of(R"({"status":"analysis_complete","summary":1,"issues":[]})") ==
        "the answer.summary must be of type string");
  CHECK(
      problem_of(
          R"({"status":"analysis_complete","summary":"s","issues":[{"severity":"low","line":1},{"line":2,"severity":"odd"}]})") ==
      "the answer.issues[1].severity must be one of [\"high\",\"low\"]");
  CHECK(problem_of(R"({"status":"analysis_complete","summary":"s","issues":[7]})") ==
        "the answer.issues[0] must be of type object");
}

TEST_CASE("reply form: what has another form is kept whole, as text", "[tools]") {
  const CheckedReply checked = check_reply(issues_form(), "All is well.");
  CHECK(checked.analysis ==
        json{{"status", "analysis_complete"}, {"raw_analysis", "All is well."}, {"format", "text"}});
}

TEST_CASE("reply form: an expert may always ask for more instead", "[tools]") {
  const std::string wants =
      R"({"status":"files_required_to_continue","mandatory_instructions":"send it","files_needed":["a.c"]})";
  CHECK(check_reply(issues_form(), wants).problem == "");
  ReplyForm text;
  text.marks = {"## Verdict"};
  CHECK(check_reply(text, wants).analysis["status"] == "files_required_to_continue");
  CHECK(problem_of(
            R"({"status":"files_required_to_continue","mandatory_instructions":"x","files_needed":"a.c"})") ==
        "the answer.files_needed must be of type array");
}

TEST_CASE("reply form: a text answer needs its headings", "[tools]") {
  ReplyForm text;
  text.marks = {"## Risks", "## Next steps"};
  CHECK(check_reply(text, "## Risks\nnone\n## Next steps\nnone").problem == "");
  CHECK(check_reply(text, "## Risks\nnone").problem == "it has no \"## Next steps\"");
}

TEST_CASE("reply form: the cost of both answers is added up, if it is told in one currency", "[tools]") {
  const json dollars = {{"amount", 0.5}, {"currency", "USD"}, {"source", "catalogue"}};
  CHECK(add_cost(dollars, dollars)["amount"] == 1.0);
  CHECK(add_cost(dollars, {{"amount", 0.5}, {"currency", "EUR"}, {"source", "catalogue"}}).is_null());
  CHECK(add_cost(dollars, json()).is_null());
  CHECK(add_cost(dollars, {{"amount", 0.5}, {"currency", "USD"}, {"source", "provider"}})["source"] ==
        "mixed");
}

TEST_CASE("reply form: usage of both answers is added up", "[tools]") {
  CHECK(add_usage({{"input_tokens", 10}, {"cost", 0.5}, {"id", "x"}},
                  {{"input_tokens", 5}, {"cost", 0.25}, {"output_tokens", 2}}) ==
        json{{"input_tokens", 15}, {"cost", 0.75}, {"id", "x"}, {"output_tokens", 2}});
}
