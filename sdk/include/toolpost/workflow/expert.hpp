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

/// Adds up the numbers of two usages.
inline json add_usage(json usage, const json& more) {
  for (const auto& [key, value] : more.items()) {
    if (!value.is_number()) continue;
    const json before = field(usage, key.c_str());
    usage[key] = before.is_number_integer() && value.is_number_integer()
                     ? json(before.get<std::int64_t>() + value.get<std::int64_t>())
                 : before.is_number() ? json(before.get<double>() + value.get<double>())
                                      : value;
  }
  return usage;
}

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
  if (!checked.problem.empty() && call.remaining_ms() >= kMendMsMin) {
    order["messages"].push_back({{"role", "assistant"}, {"content", answer.text}});
    order["messages"].push_back({{"role", "user"}, {"content", mending_request(checked.problem)}});
    answer.metadata["form_mended"] = false;
    try {
      json reply = call.provider(order);
      usage = add_usage(usage, reply.value("usage", json::object()));
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
  answer.metadata["model_used"] = answer.reply.value("model", "");
  answer.metadata["provider_used"] = answer.reply.value("provider", "");
  answer.metadata["usage"] = usage;
  if (answer.reply.value("truncated", false)) answer.metadata["truncated"] = true;
  return answer;
}

}  // namespace toolpost::workflow
