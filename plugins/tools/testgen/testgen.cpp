// testgen: works out which tests a piece of code needs; the last step has an expert model write them.
#include <toolpost/workflow/workflow.hpp>

namespace {

using namespace toolpost::workflow;

Definition make() {
  Definition tool;
  tool.tool = "testgen";
  tool.noun = "test_generation";
  tool.required_key = "testgen_required";
  tool.pause_status = "pause_for_test_analysis";
  tool.skip_status = "test_generation_complete_ready_for_implementation";
  tool.file_tokens = 50'000;
  tool.skip_next_steps =
      "Write the tests of your plan now: the most valuable first, in the project's own framework and style, "
      "next to "
      "the tests that are there. Run them, and show that each fails when the code it covers is broken.";
  tool.done_next_steps =
      "Take the expert's tests as a draft: put them where the project keeps its tests, adapt names and "
      "set-up, and run "
      "them. A test that passes at once must fail when you break the code; throw away those that cannot. "
      "Report what "
      "is covered now and what is not.";
  tool.considerations =
      "The expert could not run anything. Wrong imports, invented functions and expectations that merely "
      "repeat the "
      "code are its usual mistakes; a test that shows a real fault is a finding, not a test to bend.";
  tool.system_prompt = expert_prompt(
      "You are a test engineer. Write tests that would catch real mistakes in the code you are shown: what "
      "it promises, "
      "its limits and both sides of them, bad input, failing dependencies, order and concurrency where they "
      "matter. Use "
      "the framework, names and style of the sample tests; one behaviour a test, with a name that states it. "
      "Test what "
      "a caller sees, not how it is done; fake only time, chance and what lies outside. Do not test other "
      "code.",
      "Answer with the test code in fenced blocks, each with the file it belongs to in the line above, then "
      "one sentence "
      "on what is not covered. If you cannot tell framework or style: "
      "{\"status\":\"test_sample_needed\",\"reason\":\"...\"}. "
      "If not all tests fit, end with one line "
      "{\"status\":\"more_tests_required\",\"pending_tests\":\"...\"}.");
  tool.expert_task = "Write the tests that the plan above calls for.";
  tool.reply.marks = {"```"};
  tool.guidance.first = {
      {"Read the code under test, its signatures and its promises",
       "Find the existing tests, their framework and style",
       "List inputs, outputs, side effects and dependencies", "Note every branch and limit"},
      "Do not call testgen again yet. Read the code under test and the tests that are already there. Then "
      "call testgen "
      "with step_number {next}: list scenarios in findings, functions in relevant_context, and name the code "
      "and one "
      "sample test file in relevant_files."};
  tool.guidance.early = {
      {"Work out what happens on empty, huge, wrong and repeated input",
       "Look at each error path and who has to notice it", "Find state that survives between calls",
       "Check which scenarios the existing tests cover already"},
      "Go deeper before step_number {next}: for each function under test name the mistake that a test should "
      "catch, with "
      "concrete values. Scenarios without a possible mistake are not needed."};
  tool.guidance.middle = {
      {"Put the scenarios in order of the damage they prevent",
       "Decide what must be faked and what runs for real", "Check both sides of every limit",
       "Look for races, time and locale where they matter"},
      "Before step_number {next}, complete the plan: each scenario with input, expected result and the "
      "reason it could "
      "fail. Merge those that test the same thing."};
  tool.guidance.late = {
      {"Check the plan against the code once more", "Name the framework and where the tests go",
       "List the code and a sample test for the expert to read"},
      "Finish: call testgen with step_number {next} and next_step_required false; an expert model then "
      "writes the tests. "
      "Use confidence certain to write them yourself."};
  tool.skip =
      skip_when("certain", {"skipped_due_to_certain_test_confidence",
                            "You are certain of the test plan, so no expert was asked to write the tests."});
  tool.count = [](const Step& step, const Findings& findings, toolpost::json& status) {
    status["test_scenarios_identified"] = findings.united("relevant_context").size();
    status["analysis_confidence"] = step.confidence;
  };
  return tool;
}

}  // namespace

using TestGen = Tool<make>;
TOOLPOST_PLUGIN(TestGen)
