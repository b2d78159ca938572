#pragma once
// What a tool's reply says of the model that answered: which, why that one, what was used and what it cost.

#include <toolpost/workflow/fields.hpp>

namespace toolpost::workflow {

inline bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

/// Why a reply has no text, and what to do about it: one sentence without its subject.
inline std::string why_empty(const json& reply) {
  const bool thought = !is_blank(text_field(reply, "thinking"));
  const json calls = field(reply, "tool_calls");
  if (calls.is_array() && !calls.empty())
    return "called a tool instead of answering; ask it to answer in words";
  if (text_field(reply, "finish_reason") == "length")
    return "reached its output limit before it wrote an answer; ask for less thinking (thinking_mode) or a "
           "shorter answer";
  if (flag_field(reply, "truncated", false)) return "broke off before it wrote an answer; ask again";
  if (thought)
    return "thought, but wrote no answer; ask again, with less thinking (thinking_mode) or another model";
  return "answered nothing; ask again, or another model";
}

/// What the model said. Errors: bad_upstream when that is nothing, with what to do.
inline std::string answer_text(const json& reply) {
  std::string text = text_field(reply, "text");
  if (!is_blank(text)) return text;
  throw Error(TOOLPOST_BAD_UPSTREAM,
              text_field(reply, "provider") + " (" + text_field(reply, "model") + ") " + why_empty(reply));
}

/// Copies from a provider's reply to `metadata`; what the reply does not have is left out.
inline void add_answer_facts(json& metadata, const json& reply) {
  metadata["model_used"] = reply.value("model", "");
  metadata["provider_used"] = reply.value("provider", "");
  metadata["usage"] = reply.value("usage", json::object());
  for (const auto& [from, to] : {std::pair{"why", "model_choice"}, std::pair{"cost", "cost"}}) {
    if (const json value = field(reply, from); !value.is_null()) metadata[to] = value;
  }
  const json failed = field(reply, "fallback_from");
  if (failed.is_array() && !failed.empty()) metadata["fallback_from"] = failed;
  if (reply.value("truncated", false)) metadata["truncated"] = true;
  const json cited = field(reply, "citations");
  if (cited.is_array() && !cited.empty()) metadata["citations"] = cited;
}

/// What was asked for and could not be had. Call it where the caller, not the tool, asked.
inline void add_notes(json& metadata, const json& reply) {
  const json notes = field(reply, "notes");
  if (notes.is_array() && !notes.empty()) metadata["notes"] = notes;
}

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

/// The cost of two answers together; null when that cannot be told, as for two currencies.
inline json add_cost(json cost, const json& more) {
  if (!cost.is_object() || !more.is_object()) return {};
  if (field(cost, "currency") != field(more, "currency")) return {};
  const json first = field(cost, "amount");
  const json second = field(more, "amount");
  if (!first.is_number() || !second.is_number()) return {};
  cost["amount"] = first.get<double>() + second.get<double>();
  if (field(cost, "source") != field(more, "source")) cost["source"] = "mixed";
  return cost;
}

}  // namespace toolpost::workflow
