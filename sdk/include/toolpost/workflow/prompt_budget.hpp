#pragma once
// How much of a prompt may be files or history: a share of the context of the model that will be asked.

#include <toolpost/workflow/file_embedding.hpp>

namespace toolpost::workflow {

class PromptBudget {
 public:
  /// For a model that nobody knows: what is usual holds as it is.
  PromptBudget() = default;
  explicit PromptBudget(std::size_t context_tokens) : context_tokens_(context_tokens) {}

  /// Finds out (effect `models`) whom a chat order with this model, role and step would ask. Without the
  /// grant, or when nobody can be asked, it is as if nobody knew the model.
  static PromptBudget of(Call& call, const json& order) {
    json wish = json::object();
    for (const char* key : {"model", "role", "step"})
      if (order.contains(key)) wish[key] = order[key];
    try {
      const json choice = field(call.perform("models", {{"choose", wish}}), "choice");
      return PromptBudget(choice.is_object() ? choice.value("context_tokens", std::size_t{0}) : 0);
    } catch (const Error&) {
      return {};
    }
  }

  /// `usual` is meant for a context of 100,000 tokens. A longer one has room for more, but more is paid for
  /// too: five times as much at most.
  Tokens share(Tokens usual) const {
    if (context_tokens_ == 0) return usual;
    return {std::min(context_tokens_ / 1'000 * usual.count / 100, 5 * usual.count)};
  }

 private:
  std::size_t context_tokens_ = 0;  // 0: not known
};

}  // namespace toolpost::workflow
