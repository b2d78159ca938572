#include "policy/provider_gate_core.hpp"

#include <algorithm>
#include <utility>

namespace toolpost {

ProviderGateCore::ProviderGateCore(ProviderGateSettings settings, SharedProvider* shared)
    : settings_(std::move(settings)),
      shared_(shared),
      concurrency_(std::max(1u, settings_.concurrency_max)) {}

ProviderGateCore::~ProviderGateCore() {
  if (shared_ == nullptr) return;
  for (std::uint32_t left = running(); left > 0; --left) shared_->give_place();
  shared_->set_waiting(false);
}

void ProviderGateCore::learn(TimePoint now) {
  if (shared_ == nullptr) return;
  if (const Duration left = shared_->pause_left(); left > Duration{0})
    closed_until_ = std::max(closed_until_, now + std::min<Duration>(left, closed_max));
  const std::uint32_t most = std::max(1u, settings_.concurrency_max);
  const std::uint32_t told = std::clamp(shared_->concurrency().value_or(most), 1u, most);
  if (told < concurrency_) lowered_at_ = now;
  if (told != concurrency_) successes_ = 0;
  concurrency_ = told;
}

/// One more may run, as far as this host and the others are concerned.
bool ProviderGateCore::take_place(TimePoint now) {
  if (running() >= concurrency_) return false;
  if (shared_ == nullptr) return true;
  others_hold_all_ = !shared_->take_place(concurrency_);
  if (others_hold_all_) look_later(now);
  return !others_hold_all_;
}

void ProviderGateCore::look_later(TimePoint now) {
  look_at_ = now + shared_->look_again_after();
}

void ProviderGateCore::tell_waiting() {
  if (shared_ != nullptr) shared_->set_waiting(!queue_.empty());
}

void ProviderGateCore::run(std::uint64_t attempt, std::uint64_t call, TimePoint now) {
  running_.insert(attempt, {call, now});
  ++places_[call];
}

std::deque<ProviderGateCore::Waiter>::iterator ProviderGateCore::next_waiter(TimePoint now) {
  auto next = queue_.end();
  std::uint32_t least = 0;
  for (auto waiter = queue_.begin(); waiter != queue_.end(); ++waiter) {
    if (waiter->expiry < now) continue;  // left for expire(); it must not run with too little time
    const auto held = places_.find(waiter->call);
    const std::uint32_t places = held == places_.end() ? 0 : held->second;
    if (next != queue_.end() && places >= least) continue;
    next = waiter;
    least = places;
    if (least == 0) break;
  }
  return next;
}

Offer ProviderGateCore::offer(std::uint64_t attempt, std::uint64_t call, Deadline deadline, TimePoint now) {
  const auto waits = [&](const Waiter& waiter) { return waiter.id == attempt; };
  if (running_.find(attempt) != nullptr || std::any_of(queue_.begin(), queue_.end(), waits))
    return Offer::refused({Errc::internal,
                           "provider gate: attempt " + std::to_string(attempt) + " was offered twice",
                           Millis{0}, SideEffect::none});
  learn(now);
  const Duration left = deadline.remaining(now);
  if (deadline.expired(now) || left < settings_.attempt_min)
    return Offer::refused({Errc::deadline,
                           "provider gate: " + ms_text(std::max(left, Duration{0})) +
                               " are left of the deadline, an attempt needs retry.attempt_min_ms = " +
                               std::to_string(settings_.attempt_min.count()),
                           Millis{0}, SideEffect::none});
  // A place is never taken past those who wait, even where expire() or admit_waiting() is late.
  const bool others_wait = shared_ != nullptr && shared_->others_wait();
  if (!paused(now) && queue_.empty() && !others_wait && take_place(now)) {
    run(attempt, call, now);
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
  queue_.push_back({attempt, call, now, deadline.at() - settings_.attempt_min});
  if (others_wait) look_later(now);
  tell_waiting();
  return {OfferOutcome::queued, std::nullopt};
}

std::vector<std::uint64_t> ProviderGateCore::release(std::uint64_t attempt, TimePoint now) {
  const Running* ended = running_.find(attempt);
  if (ended == nullptr) return {};
  service_.add(now - ended->since);
  if (const auto held = places_.find(ended->call); --held->second == 0) places_.erase(held);
  running_.erase(attempt);
  if (shared_ != nullptr) shared_->give_place();
  if (shared_ != nullptr && !queue_.empty() && shared_->others_wait()) {
    look_later(now);  // or this host would keep the place for ever
    return {};
  }
  return admit_waiting(now);
}

std::vector<std::uint64_t> ProviderGateCore::admit_waiting(TimePoint now) {
  std::vector<std::uint64_t> admitted;
  if (queue_.empty()) return admitted;
  learn(now);
  if (paused(now)) return admitted;
  for (auto waiter = next_waiter(now); waiter != queue_.end(); waiter = next_waiter(now)) {
    if (shared_ != nullptr && !admitted.empty() && shared_->others_wait()) {
      look_later(now);  // one at a time, and the others look meanwhile
      break;
    }
    if (!take_place(now)) break;
    run(waiter->id, waiter->call, now);
    admitted.push_back(waiter->id);
    queue_.erase(waiter);
  }
  tell_waiting();
  return admitted;
}

bool ProviderGateCore::withdraw(std::uint64_t attempt) {
  const auto waiter =
      std::find_if(queue_.begin(), queue_.end(), [&](const Waiter& each) { return each.id == attempt; });
  if (waiter == queue_.end()) return false;
  queue_.erase(waiter);
  tell_waiting();
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
  tell_waiting();
  return over;
}

std::optional<TimePoint> ProviderGateCore::next_wake() const {
  std::optional<TimePoint> wake;
  for (const Waiter& waiter : queue_) wake = wake ? std::min(*wake, waiter.expiry) : waiter.expiry;
  // A full house is opened by release(), not by time, unless others fill it.
  if (wake && running() < concurrency_) {
    wake = std::min(*wake, std::max(closed_until_, shared_ != nullptr ? look_at_ : closed_until_));
  }
  return wake;
}

void ProviderGateCore::pause(Duration retry_after, TimePoint now) {
  if (retry_after <= Duration{0}) return;
  closed_until_ = std::max(closed_until_, now + std::min<Duration>(retry_after, closed_max));
  if (shared_ != nullptr) shared_->pause(closed_until_ - now);
}

void ProviderGateCore::lower_concurrency(std::uint64_t attempt, TimePoint now) {
  const Running* told = running_.find(attempt);
  // One burst of refusals is one hint: attempts that began under the old limit say nothing about the new one.
  if (told == nullptr || told->since <= lowered_at_) return;
  lowered_at_ = now;
  const std::uint32_t run = shared_ != nullptr ? shared_->places_taken(concurrency_) : running();
  concurrency_ = std::max(1u, std::max(1u, std::min(run, concurrency_)) - 1);
  successes_ = 0;
  if (shared_ != nullptr) shared_->set_concurrency(concurrency_);
}

void ProviderGateCore::succeeded() {
  if (concurrency_ >= settings_.concurrency_max || ++successes_ < concurrency_) return;
  ++concurrency_;
  successes_ = 0;
  if (shared_ != nullptr) shared_->set_concurrency(concurrency_);
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
  return text + (others_hold_all_ ? " attempts run already, in all hosts together" : " attempts run already");
}

}  // namespace toolpost
