#include "policy/admission_core.hpp"

#include <algorithm>

namespace toolpost {
namespace {

std::string setting(const char* name, std::uint64_t value) {
  return std::string(name) + " = " + std::to_string(value);
}

Error shed(const std::string& why, Duration wait) {
  const Millis hint = retry_hint(wait);
  return {Errc::shed, "admission: " + why + "; retry in " + ms_text(hint), hint, SideEffect::none};
}

}  // namespace

AdmissionCore::AdmissionCore(const AdmissionSettings& settings, Duration start_min)
    : settings_(settings), start_min_(start_min) {}

void AdmissionCore::set_plugin_limit(std::uint32_t plugin, std::uint32_t calls_max, std::string setting) {
  plugin_at(plugin).limit = {calls_max, std::move(setting)};
}

Offer AdmissionCore::offer(std::uint64_t call, std::uint32_t owner, std::uint32_t plugin, Deadline deadline,
                           TimePoint now) {
  if (index_.find(call) != nullptr)
    return Offer::refused({Errc::internal, "admission: call " + std::to_string(call) + " was offered twice",
                           Millis{0}, SideEffect::none});
  if (deadline.expired(now))
    return Offer::refused(
        {Errc::deadline,
         "admission: the deadline passed " + ms_text(-deadline.remaining(now)) + " before the call began",
         Millis{0}, SideEffect::none});
  Owner& of_owner = owner_at(owner);
  Plugin& of_plugin = plugin_at(plugin);
  if (deadline.remaining(now) < start_min_)
    return Offer::refused(shed(ms_text(deadline.remaining(now)) + " are left of the deadline, a call needs " +
                                   ms_text(start_min_) + " to be worth starting",
                               expected_wait(of_owner, of_plugin)));
  set_aside_due(now);
  // At rest no waiting call could run, so what fits now overtakes nobody.
  if (has_room(of_owner, of_plugin)) {
    start(take_record(call, owner, plugin, deadline), now);
    return {OfferOutcome::admitted, std::nullopt};
  }
  if (auto refusal = refuse_wait(of_owner, of_plugin, deadline, now))
    return Offer::refused(std::move(*refusal));
  enqueue(take_record(call, owner, plugin, deadline), now);
  return {OfferOutcome::queued, std::nullopt};
}

std::vector<std::uint64_t> AdmissionCore::release(std::uint64_t call, TimePoint now) {
  const std::uint32_t* found = index_.find(call);
  if (found == nullptr || calls_[*found].state != State::running) return {};
  const std::uint32_t ended = *found;
  {
    const Call& record = calls_[ended];
    Owner& owner = owners_[record.owner];
    Plugin& plugin = plugins_[record.plugin];
    service_.add(now - record.since);
    plugin.service.add(now - record.since);
    unlist_ready(owner);
    --owner.running;
    list_ready(owner);
    --plugin.running;
    --running_;
  }
  drop_record(ended);

  set_aside_due(now);
  std::vector<std::uint64_t> admitted;
  while (waiting_ > 0 && running_ < settings_.calls_max) {
    const auto next = pick();
    if (!next) break;
    dequeue(*next);
    start(*next, now);
    Owner& owner = owners_[calls_[*next].owner];
    unlist_ready(owner);
    owner.turn = ++turns_;
    list_ready(owner);
    admitted.push_back(calls_[*next].id);
  }
  return admitted;
}

bool AdmissionCore::withdraw(std::uint64_t call) {
  const std::uint32_t* found = index_.find(call);
  if (found == nullptr || calls_[*found].state == State::running) return false;
  const std::uint32_t gone = *found;
  if (calls_[gone].state == State::due) {
    due_.erase(std::find(due_.begin(), due_.end(), gone));
  } else {
    dequeue(gone);
  }
  drop_record(gone);
  return true;
}

std::vector<ExpiredWait> AdmissionCore::expire(TimePoint now) {
  set_aside_due(now);
  std::vector<ExpiredWait> over;
  over.reserve(due_.size());
  for (const std::uint32_t call : due_) {
    over.push_back(expired(calls_[call], now));
    drop_record(call);
  }
  due_.clear();
  return over;
}

std::optional<TimePoint> AdmissionCore::next_expiry() const {
  if (!due_.empty()) return calls_[due_.front()].expiry;
  if (expiries_.empty()) return std::nullopt;
  return expiries_.begin()->first;
}

// Limits and estimates.

std::uint32_t AdmissionCore::plugin_calls_max(const Plugin& plugin) const {
  return plugin.limit ? plugin.limit->first : settings_.plugin_calls_max;
}

bool AdmissionCore::has_room(const Owner& owner, const Plugin& plugin) const {
  return running_ < settings_.calls_max && owner.running < settings_.owner_calls_max &&
         plugin.running < plugin_calls_max(plugin);
}

AdmissionCore::Limit AdmissionCore::full_limit(const Owner& owner, const Plugin& plugin) const {
  if (owner.running >= settings_.owner_calls_max) return Limit::owner_calls;
  return plugin.running >= plugin_calls_max(plugin) ? Limit::plugin_calls : Limit::calls;
}

std::string AdmissionCore::limit_text(Limit limit, const Plugin& plugin) const {
  if (limit == Limit::owner_calls)
    return setting("admission.owner_calls_max", settings_.owner_calls_max) +
           " calls of this owner run already";
  if (limit == Limit::plugin_calls)
    return setting(plugin.limit ? plugin.limit->second.c_str() : "admission.plugin_calls_max",
                   plugin_calls_max(plugin)) +
           " calls of this plugin run already";
  return setting("admission.calls_max", settings_.calls_max) + " calls run already";
}

Duration AdmissionCore::expected_wait(const Owner& owner, const Plugin& plugin) const {
  Duration wait{0};
  if (running_ >= settings_.calls_max) {
    // Owners take turns: ahead are this owner's own and as many of each other owner, but no more than there
    // are.
    const std::uint64_t rounds = std::uint64_t{owner.waiting} + 1;
    const std::uint64_t ahead = std::min<std::uint64_t>(waiting_, rounds * std::max(waiting_owners_, 1u));
    wait = service_.wait(ahead, settings_.calls_max);
  }
  if (owner.running >= settings_.owner_calls_max)
    wait = std::max(wait, service_.wait(owner.waiting, settings_.owner_calls_max));
  if (plugin.running >= plugin_calls_max(plugin))
    wait = std::max(wait, plugin.service.wait(plugin.waiting, plugin_calls_max(plugin)));
  return wait;
}

std::optional<Error> AdmissionCore::refuse_wait(const Owner& owner, const Plugin& plugin, Deadline deadline,
                                                TimePoint now) const {
  const Duration wait = expected_wait(owner, plugin);
  const std::string full = limit_text(full_limit(owner, plugin), plugin);
  if (waiting_ >= settings_.queue_size_max)
    return shed(full + " and " + setting("admission.queue_size_max", settings_.queue_size_max) + " wait",
                wait);
  if (settings_.queue_wait_max <= Millis{0} || wait > settings_.queue_wait_max)
    return shed(full + ", and the expected wait of " + ms_text(wait) + " is over " +
                    setting("admission.queue_wait_max_ms",
                            static_cast<std::uint64_t>(settings_.queue_wait_max.count())),
                wait);
  if (now + wait + start_min_ >= deadline.at())
    return shed(full + ", and after an expected wait of " + ms_text(wait) + " under " + ms_text(start_min_) +
                    " of the " + ms_text(deadline.remaining(now)) + " to the deadline would be left",
                wait);
  return std::nullopt;
}

ExpiredWait AdmissionCore::expired(const Call& call, TimePoint now) const {
  const Owner& owner = owners_[call.owner];
  const Plugin& plugin = plugins_[call.plugin];
  const std::string waited =
      "the call waited " + ms_text(now - call.since) + " as " + limit_text(call.held_by, plugin);
  if (call.expiry < call.since + settings_.queue_wait_max)
    return {call.id,
            {Errc::deadline,
             "admission: " + waited + ", until under " + ms_text(start_min_) + " were left of its deadline",
             retry_hint(expected_wait(owner, plugin)), SideEffect::none}};
  return {call.id, shed(waited + "; " +
                            setting("admission.queue_wait_max_ms",
                                    static_cast<std::uint64_t>(settings_.queue_wait_max.count())),
                        expected_wait(owner, plugin))};
}

// Records and lists. Whatever changes an owner's lanes, turn or running count takes its lane heads out of the
// ready sets before and puts them back after: their keys hold the turn.

AdmissionCore::Owner& AdmissionCore::owner_at(std::uint32_t owner) {
  if (owner >= owners_.size()) owners_.resize(std::size_t{owner} + 1);
  return owners_[owner];
}

AdmissionCore::Plugin& AdmissionCore::plugin_at(std::uint32_t plugin) {
  if (plugin >= plugins_.size()) plugins_.resize(std::size_t{plugin} + 1);
  return plugins_[plugin];
}

std::uint32_t AdmissionCore::take_record(std::uint64_t id, std::uint32_t owner, std::uint32_t plugin,
                                         Deadline deadline) {
  std::uint32_t call = free_;
  if (call == none) {
    call = static_cast<std::uint32_t>(calls_.size());
    calls_.emplace_back();
  } else {
    free_ = calls_[call].next;
  }
  Call& record = calls_[call];
  record.id = id;
  record.number = ++arrivals_;
  record.owner = owner;
  record.plugin = plugin;
  record.previous = record.next = none;
  record.deadline = deadline;
  index_.insert(id, call);
  return call;
}

void AdmissionCore::drop_record(std::uint32_t call) {
  index_.erase(calls_[call].id);
  calls_[call].next = free_;
  free_ = call;
}

void AdmissionCore::start(std::uint32_t call, TimePoint now) {
  Call& record = calls_[call];
  Owner& owner = owners_[record.owner];
  record.state = State::running;
  record.since = now;
  unlist_ready(owner);
  ++owner.running;
  list_ready(owner);
  ++plugins_[record.plugin].running;
  ++running_;
}

void AdmissionCore::enqueue(std::uint32_t call, TimePoint now) {
  Call& record = calls_[call];
  Owner& owner = owners_[record.owner];
  record.state = State::waiting;
  record.since = now;
  record.held_by = full_limit(owner, plugins_[record.plugin]);
  record.expiry = std::min(now + settings_.queue_wait_max, record.deadline.at() - start_min_);
  expiries_.emplace(record.expiry, call);

  unlist_ready(owner);
  if (owner.waiting == 0) {
    owner.turn = ++turns_;  // joins at the back, else ever new owners could starve one that waits
    ++waiting_owners_;
  }
  const auto lane = std::find_if(owner.lanes.begin(), owner.lanes.end(),
                                 [&](const Lane& each) { return each.plugin == record.plugin; });
  if (lane == owner.lanes.end()) {
    owner.lanes.push_back({record.plugin, call, call});
  } else {
    calls_[lane->tail].next = call;
    record.previous = lane->tail;
    lane->tail = call;
  }
  ++owner.waiting;
  list_ready(owner);
  ++plugins_[record.plugin].waiting;
  ++waiting_;
}

void AdmissionCore::dequeue(std::uint32_t call) {
  Call& record = calls_[call];
  Owner& owner = owners_[record.owner];
  expiries_.erase({record.expiry, call});

  unlist_ready(owner);
  const auto lane = std::find_if(owner.lanes.begin(), owner.lanes.end(),
                                 [&](const Lane& each) { return each.plugin == record.plugin; });
  if (record.previous != none) calls_[record.previous].next = record.next;
  if (record.next != none) calls_[record.next].previous = record.previous;
  if (lane->head == call) lane->head = record.next;
  if (lane->tail == call) lane->tail = record.previous;
  if (lane->head == none) {
    *lane = owner.lanes.back();
    owner.lanes.pop_back();
  }
  record.previous = record.next = none;
  if (--owner.waiting == 0) --waiting_owners_;
  list_ready(owner);
  --plugins_[record.plugin].waiting;
  --waiting_;
}

void AdmissionCore::list_ready(Owner& owner) {
  if (owner.running >= settings_.owner_calls_max) return;
  for (const Lane& lane : owner.lanes)
    plugins_[lane.plugin].ready.insert({owner.turn, calls_[lane.head].number, lane.head});
}

void AdmissionCore::unlist_ready(Owner& owner) {
  if (owner.running >= settings_.owner_calls_max) return;
  for (const Lane& lane : owner.lanes)
    plugins_[lane.plugin].ready.erase({owner.turn, calls_[lane.head].number, lane.head});
}

void AdmissionCore::set_aside_due(TimePoint now) {
  while (!expiries_.empty() && expiries_.begin()->first <= now) {
    const std::uint32_t call = expiries_.begin()->second;
    dequeue(call);
    calls_[call].state = State::due;
    due_.push_back(call);
  }
}

std::optional<std::uint32_t> AdmissionCore::pick() const {
  const Ready* best = nullptr;
  for (const Plugin& plugin : plugins_) {
    if (plugin.ready.empty() || plugin.running >= plugin_calls_max(plugin)) continue;
    if (best == nullptr || *plugin.ready.begin() < *best) best = &*plugin.ready.begin();
  }
  if (best == nullptr) return std::nullopt;
  return best->call;
}

}  // namespace toolpost
