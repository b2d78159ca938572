#include "policy/provider_gate_core.hpp"

#include <algorithm>
#include <utility>

namespace toolpost {
ProviderGateCore::ProviderGateCore(ProviderGateSettings settings)
    : settings_(std::move(settings)), concurrency_(std::max(1u, settings_.concurrency_max)) {}

Offer ProviderGateCore::offer(std::uint64_t attempt, Deadline deadline, TimePoint now) {
  const auto waits = [&](const Waiter& waiter) { return waiter.id == attempt; };
  if (running_.find(attempt) != nullptr || std::any_of(queue_.begin(), queue_.end(), waits))
    return Offer::refused({Errc::internal,
                           "provider gate: attempt " + std::to_string(attempt) + " was offered twice",
                           Millis{0}, SideEffect::none});
  const Duration left = deadline.remaining(now);
  if (deadline.expired(now) || left < settings_.attempt_min)
    return Offer::refused({Errc::deadline,
                           "provider gate: " + ms_text(std::max(left, Duration{0})) +
                               " are left of the deadline, an attempt needs retry.attempt_min_ms = " +
                               std::to_string(settings_.attempt_min.count()),
                           Millis{0}, SideEffect::none});
  // Nobody who waits is overtaken, even where expire() or admit_waiting() is late.
  if (!paused(now) && running() < concurrency_ && queue_.empty()) {
    running_.insert(attempt, now);
    return {OfferOutcome::admitted, std::nullopt};
  }
  const Duration wait = expected_wait(now);
  const Errc code = paused(now) ? Errc::rate_limited : Errc::shed;
  if (queue_.size() >= settings_.queue_size_max)
    return Offer::refused({code,
                           "provider gate: " + full_limit(now) + " and " + settings_.section +
                               ".queue_size_max = " + std::to_string(settings_.queue_size_max) +
                               " attempts wait; retry in " + ms_text(retry_hint(wait)),
                           retry_hint(wait), SideEffect::none});
  if (wait + settings_.attempt_min >= left)
    return Offer::refused({code,
                           "provider gate: " + full_limit(now) + ", and after an expected wait of " +
                               ms_text(wait) + " less than retry.attempt_min_ms = " +
                               std::to_string(settings_.attempt_min.count()) + " of the " + ms_text(left) +
                               " to the deadline would be left; retry in " + ms_text(retry_hint(wait)),
                           retry_hint(wait), SideEffect::none});
  queue_.push_back({attempt, now, deadline.at() - settings_.attempt_min});
  return {OfferOutcome::queued, std::nullopt};
}

std::vector<std::uint64_t> ProviderGateCore::release(std::uint64_t attempt, TimePoint now) {
  const TimePoint* since = running_.find(attempt);
  if (since == nullptr) return {};
  service_.add(now - *since);
  running_.erase(attempt);
  return admit_waiting(now);
}

std::vector<std::uint64_t> ProviderGateCore::admit_waiting(TimePoint now) {
  std::vector<std::uint64_t> admitted;
  if (paused(now)) return admitted;
  for (auto waiter = queue_.begin(); waiter != queue_.end() && running() < concurrency_;) {
    if (waiter->expiry < now) {  // left for expire(); it must not run with too little time
      ++waiter;
      continue;
    }
    running_.insert(waiter->id, now);
    admitted.push_back(waiter->id);
    waiter = queue_.erase(waiter);
  }
  return admitted;
}

bool ProviderGateCore::withdraw(std::uint64_t attempt) {
  const auto waiter =
      std::find_if(queue_.begin(), queue_.end(), [&](const Waiter& each) { return each.id == attempt; });
  if (waiter == queue_.end()) return false;
  queue_.erase(waiter);
  return true;
}

std::vector<ExpiredWait> ProviderGateCore::expire(TimePoint now) {
  std::vector<ExpiredWait> over;
  for (auto waiter = queue_.begin(); waiter != queue_.end();) {
    if (waiter->expiry > now) {
      ++waiter;
      continue;
    }
    over.push_back({waiter->id,
                    {paused(now) ? Errc::rate_limited : Errc::deadline,
                     "provider gate: the attempt waited " + ms_text(now - waiter->since) + " as " +
                         full_limit(now) + ", until no more than retry.attempt_min_ms = " +
                         std::to_string(settings_.attempt_min.count()) + " was left of its deadline",
                     retry_hint(expected_wait(now)), SideEffect::none}});
    waiter = queue_.erase(waiter);
  }
  return over;
}

std::optional<TimePoint> ProviderGateCore::next_wake() const {
  std::optional<TimePoint> wake;
  for (const Waiter& waiter : queue_) wake = wake ? std::min(*wake, waiter.expiry) : waiter.expiry;
  // A full house is opened by release(), not by time.
  if (wake && running() < concurrency_) wake = std::min(*wake, closed_until_);
  return wake;
}

void ProviderGateCore::pause(Duration retry_after, TimePoint now) {
  if (retry_after <= Duration{0}) return;
  closed_until_ = std::max(closed_until_, now + std::min<Duration>(retry_after, closed_max));
}

void ProviderGateCore::lower_concurrency(std::uint64_t attempt, TimePoint now) {
  const TimePoint* since = running_.find(attempt);
  // One burst of refusals is one hint: attempts that began under the old limit say nothing about the new one.
  if (since == nullptr || *since <= lowered_at_) return;
  lowered_at_ = now;
  concurrency_ = std::max(1u, std::min(running(), concurrency_) - 1);
  successes_ = 0;
}

void ProviderGateCore::succeeded() {
  if (concurrency_ >= settings_.concurrency_max || ++successes_ < concurrency_) return;
  ++concurrency_;
  successes_ = 0;
}

Duration ProviderGateCore::expected_wait(TimePoint now) const {
  const Duration pause = paused(now) ? closed_until_ - now : Duration{0};
  // With free places the queue moves as soon as a pause ends; only what does not fit then waits for others.
  const std::uint32_t places = concurrency_ > running() ? concurrency_ - running() : 0;
  if (queue_.size() < places) return pause;
  return std::max(pause, service_.wait(queue_.size() - places, concurrency_));
}

std::string ProviderGateCore::full_limit(TimePoint now) const {
  if (paused(now))
    return "the upstream asked for a pause (Retry-After) of another " + ms_text(closed_until_ - now);
  std::string text = settings_.section + ".concurrency_max = " + std::to_string(settings_.concurrency_max);
  if (concurrency_ < settings_.concurrency_max)
    text += " (lowered to " + std::to_string(concurrency_) + " by the upstream)";
  return text + " attempts run already";
}

}  // namespace toolpost
