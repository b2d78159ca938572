#include "policy/provider_gate_core.hpp"

#include <algorithm>

namespace toolpost {

ProviderGateCore::Entry ProviderGateCore::offer(AttemptId id, TimePoint now, Error& refusal) {
  if (now >= closed_until_ && running_.size() < concurrency_max_ && queue_.empty()) {
    running_.push_back(id);
    return Entry::now;
  }
  if (queue_.size() >= kQueueMax) {
    refusal = {Errc::shed,
               std::to_string(running_.size()) + " attempts run (providers." + provider_ + ".concurrency_max = " +
                   std::to_string(concurrency_max_) + ") and " + std::to_string(kQueueMax) + " wait",
               Millis(1000)};
    return Entry::refused;
  }
  queue_.push_back(id);
  return Entry::queued;
}

std::vector<AttemptId> ProviderGateCore::release(AttemptId id, TimePoint now) {
  std::erase(running_, id);
  std::erase(queue_, id);
  return open(now);
}

std::vector<AttemptId> ProviderGateCore::open(TimePoint now) {
  std::vector<AttemptId> begun;
  while (now >= closed_until_ && running_.size() < concurrency_max_ && !queue_.empty()) {
    begun.push_back(queue_.front());
    running_.push_back(queue_.front());
    queue_.pop_front();
  }
  return begun;
}

std::optional<TimePoint> ProviderGateCore::next_opening(TimePoint now) const {
  if (queue_.empty() || now >= closed_until_) return std::nullopt;
  return closed_until_;
}

}  // namespace toolpost
