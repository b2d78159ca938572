#pragma once
// What an agent is told to do before its next step. Guidance is product text: each names the next
// step_number and at least three actions of this tool and this step, in at most 900 characters.

#include <toolpost/workflow/findings.hpp>

namespace toolpost::workflow {

struct Guidance {
  std::vector<std::string> actions;
  std::string next_steps;  // "{next}" stands for the number of the next step
};

/// The words for each stretch of a run.
struct GuidanceTable {
  Guidance first;   // after step 1
  Guidance early;   // little is known yet
  Guidance middle;  // there is something to prove
  Guidance late;    // almost done
};

inline std::string with_next_step(std::string text, int next) {
  for (std::size_t at; (at = text.find("{next}")) != std::string::npos;)
    text.replace(at, 6, std::to_string(next));
  return text;
}

/// Chooses by step and confidence; words of no scale count as late.
inline const Guidance& choose_guidance(const GuidanceTable& table, const Step& step) {
  if (step.number <= 1) return table.first;
  if (is_one_of(step.confidence, {"exploring", "low", "incomplete"})) return table.early;
  if (is_one_of(step.confidence, {"medium", "high", "partial"})) return table.middle;
  return table.late;
}

}  // namespace toolpost::workflow
