#pragma once
// The effects `ask` and `sample`: questions to the user and to the model of the client that made the call.
// Checks what is asked and what is answered, holds the limits, and names the plugin in every question. How a
// question travels is the session's. Threads: the loop's.

#include <functional>
#include <memory>
#include <string>

#include "runtime/call_runner.hpp"

namespace toolpost {

class ClientQuestions {
 public:
  ClientQuestions(Scheduler& loop, const Settings& settings) : loop_(loop), settings_(settings) {}
  void attach(CallRunner& runner) { runner_ = &runner; }

  /// Begins one of the two effects.
  std::unique_ptr<RunningEffect> start(const EffectOrder& order, EffectHost::Settle settle);

  /// Set before the first start(): takes the host's secrets out of a question.
  std::function<void(std::string&)> mask;
  /// Set before the first start(): why a call cannot be kept until the client's next one; empty when it can.
  std::function<std::string()> keeping_problem;

 private:
  class OpenQuestion;
  class LaterQuestion;
  struct Checked;

  Result<Checked> check(const EffectOrder& order) const;

  Scheduler& loop_;
  const Settings& settings_;
  CallRunner* runner_ = nullptr;
};

/// The question {"message", "schema"} of an `ask`, checked: a short text, and a form as MCP's clients can
/// show it, one level of strings, numbers, choices and switches. `asker` ("Tool x (plugin y)") stands before
/// the text. Errors: invalid_input.
Result<std::string> user_question(std::string_view request_json, const std::string& asker);
/// The question {"messages", ...} of a `sample`, checked. `asker` begins its system text, which a client
/// shows to whoever allows the request. Errors: invalid_input.
Result<std::string> model_question(std::string_view request_json, const std::string& asker);
/// What the user answered, cleaned of invisible characters, if it fits the question's form. Errors:
/// bad_upstream.
Result<std::string> user_answer(std::string_view answer_json, std::string_view question_json);

}  // namespace toolpost
