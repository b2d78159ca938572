#include "worker/spawner_core.hpp"

namespace toolpost {
namespace {

using namespace std::chrono_literals;

// The first loss in a minute costs no pause; the next ones 100 ms, doubling up to spawner_backoff_max.
constexpr Duration kLossesWindow = 60s;
constexpr Duration kBackoffBase = 100ms;
constexpr std::size_t kLossesMax = 16;  // kept; by then the pause is at its longest anyway

}  // namespace

void SpawnerCore::on_lost(TimePoint now) {
  owed_.clear();
  while (!losses_.empty() && now - losses_.front() > kLossesWindow) losses_.pop_front();
  const std::size_t before = losses_.size();
  const Duration pause = before == 0 ? Duration{0} : kBackoffBase * (1 << (before - 1));
  start_at_ = now + std::min<Duration>(pause, settings_.spawner_backoff_max);
  losses_.push_back(now);
  if (losses_.size() > kLossesMax) losses_.pop_front();
}

SpawnerCore::Action SpawnerCore::tick(TimePoint now,
                                      const std::function<bool(std::uint64_t worker)>& is_dead) {
  if (start_at_) return now >= *start_at_ ? Action::start : Action::nothing;
  for (auto& [worker, debt] : owed_) {
    if (now - debt.since < settings_.spawn_max) continue;
    if (debt.what != Owed::death) return Action::replace;
    debt = {is_dead(worker) ? Owed::news : Owed::death, now};
  }
  return Action::nothing;
}

std::optional<TimePoint> SpawnerCore::next_tick() const {
  if (start_at_) return start_at_;
  std::optional<TimePoint> next;
  for (const auto& [worker, debt] : owed_) {
    const TimePoint due = debt.since + settings_.spawn_max;
    next = next ? std::min(*next, due) : due;
  }
  return next;
}

}  // namespace toolpost
