#pragma once
// Limits that policies must keep at every moment, as checks over what is seen of them.

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

namespace toolpost::sim {

struct QueueSeen {
  std::string of;
  std::uint64_t size = 0;
  std::uint64_t size_max = 0;
};
inline std::string beyond(const QueueSeen& queue) {
  if (queue.size <= queue.size_max) return {};
  return queue.of + ": " + std::to_string(queue.size) +
         " wait, above queue_size_max = " + std::to_string(queue.size_max);
}

struct BudgetSeen {
  std::string of;
  double tokens = 0;
  double tokens_max = 0;
};
inline std::string beyond(const BudgetSeen& budget) {
  if (budget.tokens >= 0 && budget.tokens <= budget.tokens_max) return {};
  return budget.of + ": " + std::to_string(budget.tokens) + " tokens in a retry budget of " +
         std::to_string(budget.tokens_max);
}

/// Attempts at each provider call of one host.
class AttemptCounts {
 public:
  /// An attempt that runs; ids only grow.
  void see(std::uint64_t attempt, const std::string& provider_call) {
    if (attempt <= seen_) return;
    newest_ = std::max(newest_, attempt);
    const std::uint32_t count = ++counts_[provider_call];
    if (count <= most_) return;
    most_ = count;
    most_at_ = provider_call;
  }
  /// After all that run were seen.
  std::string beyond(std::uint32_t attempts_max) {
    seen_ = newest_;
    if (most_ <= attempts_max) return {};
    return std::to_string(most_) + " attempts at provider call " + most_at_ + ", above " +
           std::to_string(attempts_max);
  }

 private:
  std::uint64_t seen_ = 0;
  std::uint64_t newest_ = 0;
  std::map<std::string, std::uint32_t> counts_;
  std::uint32_t most_ = 0;
  std::string most_at_;
};

}  // namespace toolpost::sim
