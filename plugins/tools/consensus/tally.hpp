#pragma once
// How far a panel of models agrees. docs/tools.md states the formula for people.

#include <toolpost/plugin.hpp>

#include <algorithm>
#include <cmath>
#include <map>

namespace consensus {

using toolpost::json;

/// Enough answers to speak of a consensus: half of those asked, rounded up.
inline std::size_t usual_quorum(std::size_t asked) {
  return std::max<std::size_t>(1, (asked + 1) / 2);
}

struct Tally {
  std::size_t asked = 0;
  std::size_t answered = 0;
  std::size_t quorum = 1;
  double agreement =
      0;             // share of the answers that take the position most take; one answer alone counts half
  double score = 0;  // agreement times the share of models that answered; 0..1
  std::map<std::string, int> positions;

  const char* label() const {
    if (answered == 0) return "none";
    if (answered < quorum) return "low";
    return score >= 0.8 ? "high" : score >= 0.5 ? "medium" : "low";
  }
  json to_json() const {
    const auto rounded = [](double value) { return std::round(value * 100) / 100; };
    return {{"asked", asked},         {"answered", answered},
            {"quorum", quorum},       {"quorum_met", answered >= quorum},
            {"positions", positions}, {"agreement", rounded(agreement)},
            {"score", rounded(score)}};
  }
};

/// `opinions` are model_response objects: status "success" with a position, or "error".
inline Tally tally(const json& opinions, std::size_t quorum) {
  Tally result;
  result.asked = opinions.size();
  result.quorum = quorum;
  for (const json& opinion : opinions) {
    if (opinion.value("status", "") != "success") continue;
    ++result.answered;
    ++result.positions[opinion.value("position", "unclear")];
  }
  int most = 0;
  for (const auto& [position, count] : result.positions) {
    if (position != "unclear") most = std::max(most, count);  // those agree with nobody
  }
  if (result.answered > 0) {
    result.agreement =
        result.answered == 1 ? 0.5 : static_cast<double>(most) / static_cast<double>(result.answered);
    result.score =
        result.agreement * static_cast<double>(result.answered) / static_cast<double>(result.asked);
  }
  return result;
}

}  // namespace consensus
