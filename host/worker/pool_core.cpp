#include "worker/pool_core.hpp"

#include <algorithm>

namespace toolpost {
namespace {

using namespace std::chrono_literals;

// A plugin that dies this often without a turn is started only after a pause of 1 s, doubling up to 60 s.
constexpr std::size_t kDeathsMax = 5;
constexpr Duration kDeathsWindow = 60s;
constexpr Duration kBackoffMax = 60s;

}  // namespace

void PoolCore::submit(TurnId turn, OwnerId owner, TimePoint now) {
  waiting_.push_back({turn, owner});
  dispatch(now);
}

std::optional<PoolCore::Place> PoolCore::withdraw(TurnId turn) {
  std::erase_if(waiting_, [turn](const Waiting& waiting) { return waiting.turn == turn; });
  for (const auto& [id, worker] : workers_) {
    for (const Sent& sent : worker.sent) {
      if (sent.turn == turn) return Place{id, sent.number};
    }
  }
  return std::nullopt;
}

std::optional<TurnId> PoolCore::turn_at(WorkerId worker, std::uint64_t number) const {
  const auto found = workers_.find(worker);
  if (found == workers_.end()) return std::nullopt;
  for (const Sent& sent : found->second.sent) {
    if (sent.number == number) return sent.turn;
  }
  return std::nullopt;
}

bool PoolCore::is_dying(WorkerId worker) const {
  const auto found = workers_.find(worker);
  return found != workers_.end() && found->second.state == State::dying;
}

bool PoolCore::holds(TurnId turn) const {
  const auto is_it = [turn](const auto& one) { return one.turn == turn; };
  return std::any_of(waiting_.begin(), waiting_.end(), is_it) ||
         std::any_of(workers_.begin(), workers_.end(), [&](const auto& entry) {
           const auto& sent = entry.second.sent;
           return std::any_of(sent.begin(), sent.end(), is_it);
         });
}

PoolCore::Worker* PoolCore::find_worker(const Waiting& waiting, WorkerId& id) {
  Worker* best = nullptr;
  for (auto& [number, worker] : workers_) {
    if (worker.state != State::live || worker.retiring || worker.slow) continue;
    if (worker.owner && *worker.owner != waiting.owner) continue;
    if (waiting.suspect && worker.last_number != 0) continue;
    if (!worker.sent.empty() && worker.sent.back().suspect) continue;
    const bool single = settings_.reuse == "call";
    if (!worker.sent.empty() && (single || worker.sent.size() >= settings_.queue_ahead_max)) continue;
    // An idle one first; else the one with the least ahead, so that short turns share one batch.
    if (best == nullptr || worker.sent.size() < best->sent.size()) {
      best = &worker;
      id = number;
    }
  }
  return best;
}

void PoolCore::send(WorkerId id, Worker& worker, const Waiting& waiting, TimePoint now) {
  worker.owner = waiting.owner;
  if (worker.sent.empty()) worker.turn_since = now;
  worker.sent.push_back({waiting.turn, ++worker.last_number, waiting.owner, waiting.suspect});
  actions_.push_back(SendTurn{id, waiting.turn, worker.last_number});
  if (worker.last_number >= settings_.turns_max || settings_.reuse == "call") worker.retiring = true;
}

void PoolCore::dispatch(TimePoint now) {
  // A turn whose owner has no worker to go to does not hold up the owners behind it.
  std::deque<Waiting> left;
  while (!waiting_.empty()) {
    const Waiting waiting = waiting_.front();
    waiting_.pop_front();
    WorkerId id = 0;
    if (Worker* worker = find_worker(waiting, id)) {
      send(id, *worker, waiting, now);
    } else {
      left.push_back(waiting);
      if (left.size() > 64) break;  // enough tried; the rest keeps its order
    }
  }
  left.insert(left.end(), waiting_.begin(), waiting_.end());
  waiting_ = std::move(left);
  spawn_if_needed(now);
}

void PoolCore::spawn_if_needed(TimePoint now) {
  if (waiting_.empty() || closing_ || now < spawn_after_) return;
  spawn_after_ = {};  // over: no reason to be woken for it any more
  std::size_t starting = 0;
  std::size_t counted = 0;
  for (const auto& [number, worker] : workers_) {
    starting += worker.state == State::starting ? 1 : 0;
    counted += worker.state != State::dying ? 1 : 0;
  }
  if (starting > 0) return;
  if (counted >= settings_.workers_max || total_ >= settings_.total_max) {
    // Another owner's idle worker makes room; it is never handed over.
    const auto idle = std::find_if(workers_.begin(), workers_.end(), [](const auto& entry) {
      return entry.second.state == State::live && entry.second.sent.empty();
    });
    if (idle == workers_.end()) return;
    kill(idle->first, idle->second, EndReason::other_owner);
    if (total_ > settings_.total_max) return;
  }
  spawn(now);
}

bool PoolCore::starved() const {
  // Room that there is by now has not been tried yet, so the total does not count here.
  if (waiting_.empty() || closing_ || spawn_after_ != TimePoint{}) return false;
  std::size_t counted = 0;
  for (const auto& [number, worker] : workers_) {
    if (worker.state == State::starting) return false;  // help is on its way
    counted += worker.state != State::dying ? 1 : 0;
  }
  return counted < settings_.workers_max;
}

bool PoolCore::give_up_worker(GiveUp how) {
  Worker* chosen = nullptr;
  WorkerId chosen_id = 0;
  std::size_t live = 0;
  for (auto& [id, worker] : workers_) {
    if (worker.state == State::dying || worker.retiring) return false;
    if (worker.state != State::live) continue;
    ++live;
    if (chosen != nullptr && worker.sent.size() >= chosen->sent.size()) continue;
    chosen = &worker;
    chosen_id = id;
  }
  if (chosen == nullptr) return false;
  if (chosen->sent.empty()) {
    kill(chosen_id, *chosen, EndReason::other_owner);
    return true;
  }
  if (how == GiveUp::idle || (how == GiveUp::one_of_several && live < 2)) return false;
  chosen->retiring = true;
  return true;
}

void PoolCore::warm(TimePoint now) {
  if (workers_.empty() && !closing_ && total_ < settings_.total_max) spawn(now);
}

void PoolCore::spawn(TimePoint now) {
  Worker worker;
  worker.born = now;
  workers_.emplace(++last_worker_, worker);
  ++total_;
  actions_.push_back(SpawnWorker{last_worker_});
}

void PoolCore::kill(WorkerId id, Worker& worker, EndReason reason) {
  if (worker.state == State::dying) return;
  worker.state = State::dying;
  actions_.push_back(KillWorker{id, reason});
}

void PoolCore::on_ready(WorkerId id, TimePoint now) {
  const auto found = workers_.find(id);
  if (found == workers_.end() || found->second.state != State::starting) return;
  found->second.state = State::live;
  found->second.idle_since = now;
  dispatch(now);
}

void PoolCore::on_load_failed(WorkerId id, const Error& why, TimePoint) {
  const auto found = workers_.find(id);
  if (found == workers_.end() || found->second.state == State::dying) return;
  kill(id, found->second, EndReason::load_failed);
  fail_waiting(why);
}

/// Who waits for a plugin that cannot get ready. None of these turns has begun.
void PoolCore::fail_waiting(Error error) {
  error.loading = true;
  for (const Waiting& waiting : std::exchange(waiting_, {}))
    actions_.push_back(FailTurn{waiting.turn, error});
}

bool PoolCore::on_turn_done(WorkerId id, std::uint64_t number, bool skipped, TimePoint now) {
  const auto found = workers_.find(id);
  if (found == workers_.end() || found->second.state == State::dying) return false;
  Worker& worker = found->second;
  if (number >= worker.revoked_from && number <= worker.last_number) {
    // Taken back earlier; the worker reports the skip, or had begun it after all. Either way it is not ours
    // any more.
    if (number == worker.last_number) maybe_retire(id, worker, now);
    return false;
  }
  if (worker.sent.empty() || worker.sent.front().number != number) {
    on_protocol_error(id, "an answer for turn " + std::to_string(number) + ", which it did not owe", now);
    return false;
  }
  const Sent sent = worker.sent.front();
  worker.sent.pop_front();
  worker.turn_since = now;
  worker.slow = false;
  worker.useful = worker.useful || !skipped;
  if (worker.sent.empty()) worker.idle_since = now;
  if (skipped) {
    waiting_.push_front({sent.turn, sent.owner, sent.suspect});
  }
  maybe_retire(id, worker, now);
  if (!waiting_.empty()) dispatch(now);
  return !skipped;
}

void PoolCore::on_peak(WorkerId id, std::uint64_t bytes) {
  const auto found = workers_.find(id);
  if (found == workers_.end()) return;
  Worker& worker = found->second;
  if (worker.first_peak == 0) worker.first_peak = bytes;
  if (bytes > worker.first_peak && bytes - worker.first_peak > settings_.memory_growth_bytes_max) {
    worker.retiring = true;
  }
}

void PoolCore::maybe_retire(WorkerId id, Worker& worker, TimePoint now) {
  const bool old = now - worker.born >= settings_.age_max;
  if (worker.sent.empty() && (worker.retiring || old || worker.revoked_from != UINT64_MAX)) {
    kill(id, worker, EndReason::retired);
  } else if (old) {
    worker.retiring = true;
  }
}

void PoolCore::give_back(Worker& worker, std::size_t from) {
  for (std::size_t i = worker.sent.size(); i > from; --i) {
    waiting_.push_front({worker.sent[i - 1].turn, worker.sent[i - 1].owner, worker.sent[i - 1].suspect});
  }
  worker.sent.erase(worker.sent.begin() + static_cast<std::ptrdiff_t>(std::min(from, worker.sent.size())),
                    worker.sent.end());
}

bool PoolCore::lose(WorkerId id, Worker& worker, std::uint64_t started, const Error& error) {
  // Turns before the running one had finished, but their answers were not flushed; those after it never
  // began. Both go to another worker: a turn without its answer has had no effect.
  std::deque<Sent> sent = std::exchange(worker.sent, {});
  std::deque<Waiting> again;
  bool failed = false;
  for (const Sent& one : sent) {
    if (one.number == started) {
      failed = worker.useful = true;
      actions_.push_back(FailTurn{one.turn, error, id});
    } else {
      again.push_back({one.turn, one.owner, one.suspect});
    }
  }
  waiting_.insert(waiting_.begin(), again.begin(), again.end());
  return failed;
}

void PoolCore::on_protocol_error(WorkerId id, const std::string& what, TimePoint now) {
  const auto found = workers_.find(id);
  if (found == workers_.end() || found->second.state == State::dying) return;
  Worker& worker = found->second;
  // Who wrote it is not known: the turn in front, one behind it, or what an earlier turn left running. So the
  // one in front is run again, alone on a new worker, and fails only if that one breaks the protocol too.
  std::uint64_t failed = 0;
  if (!worker.sent.empty()) {
    Sent& front = worker.sent.front();
    if (front.suspect) failed = front.number;
    front.suspect = true;
  }
  const Error error{Errc::protocol, "plugin " + plugin_ + " broke the worker protocol: " + what, Millis{0},
                    SideEffect::maybe};
  if (!lose(id, worker, failed, error)) actions_.push_back(ReportDeath{error, id});
  kill(id, worker, EndReason::protocol);
  dispatch(now);
}

void PoolCore::on_died(WorkerId id, std::uint64_t started, const std::string& how, TimePoint now,
                       bool outside) {
  const auto found = workers_.find(id);
  if (found == workers_.end()) return;
  Worker& worker = found->second;
  const bool expected = worker.state == State::dying;
  const bool while_starting = worker.state == State::starting;
  if (!expected) {
    const Error error{
        Errc::crashed,
        "plugin " + plugin_ + " crashed (" + how + ")" + (while_starting ? " while it was loaded" : ""),
        Millis{0}, SideEffect::maybe, outside};
    const bool failed = lose(id, worker, started, error);
    if (!failed && !while_starting) actions_.push_back(ReportDeath{error, id});
    if (while_starting) fail_waiting(error);
    if (!worker.useful) deaths_.push_back(now);
    while (!deaths_.empty() && now - deaths_.front() > kDeathsWindow) deaths_.pop_front();
    if (!worker.useful && deaths_.size() >= kDeathsMax) {
      spawn_after_ = now + std::min<Duration>(kBackoffMax, 1s * (1 << std::min(backoffs_, 6u)));
      ++backoffs_;
    } else if (deaths_.size() < kDeathsMax) {
      backoffs_ = 0;
    }
  }
  workers_.erase(found);
  --total_;
  dispatch(now);
}

void PoolCore::on_lost(WorkerId id, std::uint64_t started, TimePoint now) {
  const auto found = workers_.find(id);
  if (found == workers_.end()) return;
  const bool was_starting = found->second.state == State::starting;
  if (found->second.state != State::dying) {
    lose(id, found->second, started,
         {Errc::crashed, "a worker of plugin " + plugin_ + " ended with the spawner", Millis{0},
          SideEffect::maybe, true});
  }
  workers_.erase(found);
  --total_;
  dispatch(now);
  if (was_starting) warm(now);  // somebody may wait to hear whether the plugin can run
}

TimePoint PoolCore::due(const Worker& worker) const {
  if (worker.state == State::starting) return worker.born + settings_.ready_max;
  if (worker.sent.empty()) return worker.idle_since + (worker.retiring ? turn_max_ : settings_.idle_max);
  return worker.turn_since + (worker.slow ? turn_max_ : std::min<Duration>(turn_max_, settings_.slow_turn));
}

std::optional<TimePoint> PoolCore::next_tick() const {
  std::optional<TimePoint> next;
  const auto sooner = [&next](TimePoint at) { next = next ? std::min(*next, at) : at; };
  for (const auto& [id, worker] : workers_) {
    if (worker.state != State::dying) sooner(due(worker));
  }
  if (!waiting_.empty() && spawn_after_ != TimePoint{}) sooner(spawn_after_);
  return next;
}

/// A turn has run for long, so what waits behind it goes to another worker.
void PoolCore::take_back_unbegun(WorkerId id, Worker& worker, TimePoint now) {
  Sent& front = worker.sent.front();
  // Not begun either: the worker is still busy with something that it has answered. A turn that is alone on a
  // new worker has begun whatever the page says, or a lie there would send it round for ever.
  const bool begun = worker.seen_started >= front.number || front.suspect;
  worker.slow = true;
  if (!begun) front.suspect = true;
  // Finished turns whose answers are still on their way stay; what has not begun goes.
  const std::uint64_t running = begun ? std::max(worker.seen_started, front.number) : worker.seen_started;
  const auto first = std::find_if(worker.sent.begin(), worker.sent.end(),
                                  [running](const Sent& sent) { return sent.number > running; });
  if (first == worker.sent.end()) return;
  worker.revoked_from = first->number;
  worker.retiring = true;  // its numbering is spent: later numbers would count as revoked
  actions_.push_back(RevokeTurns{id, first->number});
  give_back(worker, static_cast<std::size_t>(first - worker.sent.begin()));
  if (worker.sent.empty()) worker.idle_since = now;
}

void PoolCore::tick(TimePoint now, const ReadClock& read_clock) {
  for (auto& [id, worker] : workers_) {
    if (worker.state == State::dying) continue;
    if (!worker.sent.empty()) {
      const WorkerClock clock = read_clock(id);
      if (clock.started > worker.seen_started && clock.started <= worker.last_number) {
        worker.seen_started = clock.started;
        if (clock.started >= worker.sent.front().number) {
          worker.turn_since = std::clamp(clock.started_at, worker.turn_since, now);
          worker.slow = false;
        }
      }
    }
    if (now < due(worker)) continue;
    if (worker.state == State::starting) {
      const Error error{Errc::hung, "plugin " + plugin_ + " was not ready after workers.ready_max_ms = " +
                                        std::to_string(settings_.ready_max.count())};
      kill(id, worker, EndReason::not_ready);
      fail_waiting(error);
    } else if (worker.sent.empty()) {
      kill(id, worker, EndReason::retired);
    } else if (now - worker.turn_since >= turn_max_) {
      const std::uint64_t running = std::max(worker.seen_started, worker.sent.front().number);
      lose(id, worker, running,
           {Errc::hung,
            "a turn of plugin " + plugin_ + " ran past " + turn_max_setting_ + " = " +
                std::to_string(to_ms(turn_max_)) + " (" + std::to_string(to_ms(now - worker.turn_since)) +
                " ms)",
            Millis{0}, SideEffect::maybe});
      kill(id, worker, EndReason::hung);
    } else if (!worker.slow) {
      take_back_unbegun(id, worker, now);
    }
  }
  dispatch(now);
}

void PoolCore::shut_down() {
  closing_ = true;
  for (auto& [id, worker] : workers_) kill(id, worker, EndReason::shutdown);
}

}  // namespace toolpost
