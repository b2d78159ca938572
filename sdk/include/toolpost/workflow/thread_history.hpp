#pragma once
// Earlier exchanges of a thread as messages for a model: the newest that fit a budget, oldest first.

#include <toolpost/workflow/file_embedding.hpp>

namespace toolpost::workflow {

/// What a turn says, as messages of its exchange. An unfinished step of another tool is told in words; those
/// of `tool` itself are left to it.
inline std::vector<json> messages_of(const json& turn, const std::string& tool) {
  std::vector<json> said;
  if (!turn.is_object()) return said;
  for (const auto& [part, role] : {std::pair{"question", "user"}, std::pair{"answer", "assistant"}}) {
    const json text = field(turn, part);
    if (text.is_string()) said.push_back({{"role", role}, {"content", text}});
  }
  const std::string findings = text_field(turn, "findings");
  const std::string other = text_field(turn, "tool");
  if (said.empty() && !findings.empty() && other != tool) {
    said.push_back({{"role", "user"},
                    {"content", "(Step " + std::to_string(count_field(turn, "step", 0)) + " of " + other +
                                    ", not finished) " + text_field(turn, "step_text") + "\n" + findings}});
  }
  return said;
}

/// Appends to `messages`. What does not fit is left out from the oldest on, and a note says so. `tool` is the
/// one that asks.
inline void append_history(json& messages, const json& turns, Tokens budget, const std::string& tool) {
  std::vector<std::vector<json>> kept;  // the newest first
  for (auto turn = turns.rbegin(); turn != turns.rend(); ++turn) {
    std::vector<json> said = messages_of(*turn, tool);
    std::size_t cost = 0;
    for (const json& one : said) cost += estimate_tokens(one["content"].get_ref<const std::string&>()).count;
    if (cost > budget.count) break;
    budget.count -= cost;
    kept.push_back(std::move(said));
  }
  if (const std::size_t left = turns.size() - kept.size(); left > 0) {
    messages.push_back({{"role", "user"},
                        {"content", "(" + std::to_string(left) +
                                        " earlier turns of this conversation are left out for length.)"}});
  }
  for (auto said = kept.rbegin(); said != kept.rend(); ++said)
    for (json& one : *said) messages.push_back(std::move(one));
}

}  // namespace toolpost::workflow
