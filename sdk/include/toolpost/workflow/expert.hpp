#pragma once
// Asks the expert model, checks the form of its answer, and lets it mend a wrong one once.

#include <toolpost/workflow/reply_form.hpp>

namespace toolpost::workflow {

/// What came of asking. `text` is kept whole, whatever its form.
struct ExpertAnswer {
  json reply;  // the provider's, of the answer that counts
  std::string text;
  json analysis;
  json metadata = json::object();
};

/// What a model is told whose answer has the wrong form.
inline std::string mending_request(const std::string& problem) {
  return "Your answer does not have the form that was asked for: " + problem +
         ". Send the whole answer again in that form, and nothing else.";
}

/// Errors: the provider's, when the first answer did not come. A mending that fails leaves the first answer.
inline ExpertAnswer ask_expert(Call& call, json order, const ReplyForm& form) {
  constexpr std::int64_t kMendMsMin = 5'000;  // with less time left the answer is taken as it is
  ExpertAnswer answer;
  answer.reply = call.provider(order);
  answer.text = answer.reply.value("text", "");
  CheckedReply checked = check_reply(form, answer.text);
  json usage = answer.reply.value("usage", json::object());
  json cost = field(answer.reply, "cost");
  if (!checked.problem.empty() && call.remaining_ms() >= kMendMsMin) {
    order["messages"].push_back({{"role", "assistant"}, {"content", answer.text}});
    order["messages"].push_back({{"role", "user"}, {"content", mending_request(checked.problem)}});
    answer.metadata["form_mended"] = false;
    try {
      json reply = call.provider(order);
      usage = add_usage(usage, reply.value("usage", json::object()));
      cost = add_cost(cost, field(reply, "cost"));
      CheckedReply mended = check_reply(form, reply.value("text", ""));
      if (mended.problem.empty()) {
        answer.metadata["form_mended"] = true;
        answer.text = reply.value("text", "");
        answer.reply = std::move(reply);
        checked = std::move(mended);
      }
    } catch (const Error& error) {
      answer.metadata["mending_failed"] = error.what();
    }
  }
  if (!checked.problem.empty()) checked.analysis["form_problem"] = checked.problem;
  answer.analysis = std::move(checked.analysis);
  add_answer_facts(answer.metadata, answer.reply);
  answer.metadata["usage"] = usage;  // of both, if it was mended
  answer.metadata.erase("cost");
  if (!cost.is_null()) answer.metadata["cost"] = cost;
  return answer;
}

/// Why no expert has answered, as expert_analysis.status and as a sentence for the agent.
struct NoExpert {
  const char* status;
  std::string sentence;
};

inline NoExpert no_expert(const Error& error) {
  std::string reason = std::string(": ") + error.what();
  while (reason.back() == '.' || reason.back() == '\n') reason.pop_back();
  reason += '.';
  if (error.status() == TOOLPOST_PERMISSION) {
    return {"expert_refused", "The operator has not permitted to ask the expert model" + reason +
                                  " Only the operator can change that; listmodels shows which models are "
                                  "permitted."};
  }
  if (error.status() == TOOLPOST_UNSUPPORTED)
    return {"handed_to_agent", "There is no expert model to ask" + reason};
  if (error.status() == TOOLPOST_UNAUTHENTICATED) {
    return {"expert_failed", "The model's server refused the expert's question" + reason +
                                 " The operator must mend that; another model may be asked meanwhile."};
  }
  if (error.status() == TOOLPOST_CONTENT_BLOCKED) {
    return {"expert_failed", "The expert model refused the question" + reason +
                                 " Another model, or fewer files, may get an answer."};
  }
  return {"expert_failed", "The expert model could not be asked" + reason};
}

}  // namespace toolpost::workflow
