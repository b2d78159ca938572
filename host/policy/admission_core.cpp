#include "policy/admission_core.hpp"

#include <algorithm>

namespace toolpost {
namespace {

using namespace std::chrono_literals;

template <typename Map>
std::uint32_t count_of(const Map& map, std::uint32_t key) {
  const auto found = map.find(key);
  return found == map.end() ? 0 : found->second;
}

template <typename Map>
void drop(Map& map, std::uint32_t key) {
  const auto found = map.find(key);
  if (found != map.end() && --found->second == 0) map.erase(found);
}

}  // namespace

const char* AdmissionCore::full_setting(const AdmissionOffer& offer, std::uint32_t& value) const {
  if (running_.size() >= (value = settings_.calls_max)) return "admission.calls_max";
  if (count_of(owners_, offer.owner) >= (value = settings_.owner_calls_max)) return "admission.owner_calls_max";
  value = offer.plugin_calls_max.value_or(settings_.plugin_calls_max);
  if (count_of(plugins_, offer.plugin) >= value) {
    return offer.plugin_calls_max ? "plugins.\"ID\".calls_max" : "admission.plugin_calls_max";
  }
  return nullptr;
}

bool AdmissionCore::fits(const AdmissionOffer& offer) const {
  std::uint32_t value = 0;
  return full_setting(offer, value) == nullptr;
}

Error AdmissionCore::shed(const std::string& why) const {
  const Millis soon = std::max(Millis(100), std::chrono::duration_cast<Millis>(usual_service_));
  return {Errc::shed, why + "; try again in " + std::to_string(soon.count()) + " ms", soon};
}

void AdmissionCore::start(const AdmissionOffer& offer, TimePoint now) {
  running_.emplace(offer.id, Running{offer.owner, offer.plugin, now});
  ++owners_[offer.owner];
  ++plugins_[offer.plugin];
}

AdmissionAnswer AdmissionCore::offer(const AdmissionOffer& offer, TimePoint now) {
  std::uint32_t value = 0;
  const char* full = full_setting(offer, value);
  if (full == nullptr) {
    start(offer, now);
    return {};
  }
  const std::string why = std::string(full) + " = " + std::to_string(value) + " calls are running";
  if (queued_ >= settings_.queue_size_max) {
    return {Admitted::refused, shed(why + " and admission.queue_size_max = " + std::to_string(settings_.queue_size_max) + " wait")};
  }
  // How long the line is for this one, if calls go on taking as long as they did.
  const Duration expected = usual_service_ * (queued_ + 1) / std::max<std::size_t>(1, running_.size());
  if (now + expected >= offer.deadline || expected >= settings_.queue_wait_max) {
    return {Admitted::refused, shed(why + ", and it would not start within admission.queue_wait_max_ms = " +
                                    std::to_string(settings_.queue_wait_max.count()) + " or its deadline")};
  }
  std::deque<Queued>& queue = queues_[offer.owner];
  if (queue.empty()) line_.push_back(offer.owner);
  queue.push_back({offer, now, std::min(offer.deadline, now + settings_.queue_wait_max)});
  ++queued_;
  return {Admitted::queued, {}};
}

std::vector<AdmissionId> AdmissionCore::release(AdmissionId id, TimePoint now) {
  std::vector<AdmissionId> started;
  const auto found = running_.find(id);
  if (found == running_.end()) return started;
  usual_service_ += (now - found->second.since - usual_service_) / 8;
  drop(owners_, found->second.owner);
  drop(plugins_, found->second.plugin);
  running_.erase(found);
  // Once round the line: an owner that cannot start its next call does not hold up those behind it.
  for (std::size_t tries = line_.size(); tries > 0 && running_.size() < settings_.calls_max; --tries) {
    const std::uint32_t owner = line_.front();
    line_.pop_front();
    std::deque<Queued>& queue = queues_[owner];
    const auto next = std::find_if(queue.begin(), queue.end(), [&](const Queued& one) { return fits(one.offer); });
    if (next != queue.end()) {
      start(next->offer, now);
      started.push_back(next->offer.id);
      queue.erase(next);
      --queued_;
    }
    if (queue.empty()) {
      queues_.erase(owner);
    } else {
      line_.push_back(owner);
    }
  }
  return started;
}

bool AdmissionCore::withdraw(AdmissionId id) {
  for (auto& [owner, queue] : queues_) {
    const auto found = std::find_if(queue.begin(), queue.end(), [id](const Queued& one) { return one.offer.id == id; });
    if (found == queue.end()) continue;
    queue.erase(found);
    --queued_;
    if (queue.empty()) {
      std::erase(line_, owner);
      queues_.erase(owner);
    }
    return true;
  }
  return false;
}

std::vector<std::pair<AdmissionId, Error>> AdmissionCore::expire(TimePoint now) {
  std::vector<std::pair<AdmissionId, Error>> expired;
  for (const auto& [owner, queue] : queues_) {
    for (const Queued& one : queue) {
      if (one.give_up > now) continue;
      std::uint32_t value = 0;
      const char* full = full_setting(one.offer, value);
      expired.emplace_back(one.offer.id,
                           shed("waited " + std::to_string(to_ms(now - one.since)) + " ms for a place (" +
                                (full != nullptr ? std::string(full) + " = " + std::to_string(value) + ", " : "") +
                                "admission.queue_wait_max_ms = " + std::to_string(settings_.queue_wait_max.count()) + ")"));
    }
  }
  for (const auto& [id, error] : expired) withdraw(id);
  return expired;
}

std::optional<TimePoint> AdmissionCore::next_expiry() const {
  std::optional<TimePoint> next;
  for (const auto& [owner, queue] : queues_) {
    for (const Queued& one : queue) next = next ? std::min(*next, one.give_up) : one.give_up;
  }
  return next;
}

}  // namespace toolpost
