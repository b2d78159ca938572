#pragma once
// Earlier exchanges of a thread as messages for a model: the newest that fit a budget, oldest first.

#include <toolpost/workflow/file_embedding.hpp>

namespace toolpost::workflow {

/// Appends to `messages`. What does not fit is left out from the oldest on, and a note says so.
inline void append_history(json& messages, const json& turns, Tokens budget) {
  std::size_t first = turns.size();
  while (first > 0) {
    const json& turn = turns[first - 1];
    std::size_t cost = 0;
    for (const char* part : {"question", "answer"}) {
      const json text = turn.is_object() ? field(turn, part) : json();
      if (text.is_string()) cost += estimate_tokens(text.get_ref<const std::string&>()).count;
    }
    if (cost > budget.count) break;
    budget.count -= cost;
    --first;
  }
  if (first > 0) {
    messages.push_back({{"role", "user"},
                        {"content", "(" + std::to_string(first) +
                                        " earlier turns of this conversation are left out for length.)"}});
  }
  for (; first < turns.size(); ++first) {
    const json& turn = turns[first];
    if (!turn.is_object()) continue;
    for (const auto& [part, role] : {std::pair{"question", "user"}, std::pair{"answer", "assistant"}}) {
      const json text = field(turn, part);
      if (text.is_string()) messages.push_back({{"role", role}, {"content", text}});
    }
  }
}

}  // namespace toolpost::workflow
