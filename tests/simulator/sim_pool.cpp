#include "sim_pool.hpp"

#include "base/overload.hpp"

namespace toolpost::sim {
namespace {

using namespace std::chrono_literals;

}  // namespace

SimPool::SimPool(Scheduler& loop, RandomSource& random, FaultPlan& faults, SimPlugin& plugin,
                 const WorkerSettings& workers, const TurnSettings& turns, WorkerQuota& quota,
                 TurnDone turn_done)
    : loop_(loop),
      random_(random),
      faults_(faults),
      plugin_(plugin),
      settings_(workers),
      limits_{64 << 10, turns.effects_max, workers.log_lines_max, 4096},
      quota_(quota),
      turn_done_(std::move(turn_done)),
      core_(plugin.id(), workers, turns.turn_max, quota.live) {
  quota_.join(*this);
}

SimPool::~SimPool() {
  quota_.leave(*this);
  loop_.cancel(timer_);
}

void SimPool::submit(TurnId turn, OwnerId owner, std::string input) {
  inputs_[turn] = std::move(input);
  core_.submit(turn, owner, loop_.now());
  carry_out();
}

void SimPool::withdraw(TurnId turn) {
  inputs_.erase(turn);
  core_.withdraw(turn);
}

void SimPool::warm() {
  core_.warm(loop_.now());
  carry_out();
}

bool SimPool::give_up_worker(GiveUp how) {
  const bool given = core_.give_up_worker(how);
  carry_out();
  return given;
}

void SimPool::try_again() {
  core_.try_again(loop_.now());
  carry_out();
}

void SimPool::carry_out() {
  if (carrying_out_) return;
  carrying_out_ = true;
  while (core_.has_actions()) {
    for (PoolAction& action : core_.take_actions()) {
      std::visit(Overload{[&](const SpawnWorker& order) { spawn(order.worker); },
                          [&](const SendTurn& order) {
                            const auto found = processes_.find(order.worker);
                            if (found == processes_.end()) return;
                            found->second.inbox.push_back({order.turn, order.number});
                            begin_next(order.worker);
                          },
                          [&](const RevokeTurns& order) {
                            const auto found = processes_.find(order.worker);
                            if (found != processes_.end()) found->second.revoked_from = order.from;
                          },
                          [&](const KillWorker& order) {
                            const auto found = processes_.find(order.worker);
                            if (found == processes_.end()) return;
                            found->second.killed = true;
                            const bool tough = faults_.strikes(Fault::survives_kill_for_a_while);
                            die_after(order.worker, tough ? up_to(30s) : up_to(1ms), "signal 9");
                          },
                          [&](FailTurn& order) {
                            if (inputs_.erase(order.turn) != 0)
                              turn_done_(order.turn, std::move(order.error));
                          },
                          [](const ReportDeath&) {}},
                 action);
    }
  }
  carrying_out_ = false;
  quota_.note(*this);
  arm();
}

void SimPool::soon(WorkerId id, Duration delay, std::function<void(Process&)> task) {
  loop_.after(delay, [this, alive = std::weak_ptr<bool>(alive_), id, task = std::move(task)] {
    if (alive.expired()) return;
    const auto found = processes_.find(id);
    if (found != processes_.end()) task(found->second);
  });
}

void SimPool::die_after(WorkerId id, Duration delay, const std::string& how) {
  if (faults_.strikes(Fault::death_is_told_late)) delay += up_to(5s);
  soon(id, delay, [this, id, how](Process&) { die(id, how); });
}

void SimPool::die(WorkerId id, const std::string& how) {
  const auto found = processes_.find(id);
  if (found == processes_.end()) return;
  core_.on_died(id, found->second.started, how, loop_.now());
  processes_.erase(found);
  carry_out();
}

// As WorkerPool::on_lost does, worker by worker.
void SimPool::all_die() {
  std::vector<WorkerId> all;
  for (const auto& [id, process] : processes_) all.push_back(id);
  for (const WorkerId id : all) {
    core_.on_lost(id, processes_.at(id).started, loop_.now());
    processes_.erase(id);
    carry_out();
  }
}

void SimPool::spawn(WorkerId id) {
  if (faults_.strikes(Fault::spawn_fails)) {
    core_.on_died(id, 0, "no process could be started", loop_.now());
    return;
  }
  processes_[id];
  if (faults_.strikes(Fault::never_ready)) return;
  const Duration start = faults_.strikes(Fault::spawn_slow) ? up_to(12s) : up_to(4ms);
  if (faults_.strikes(Fault::dies_while_loading)) return die_after(id, start, "signal 11");
  const bool refused = faults_.strikes(Fault::load_refused);
  const bool mute = faults_.strikes(Fault::silent_after_ready);
  soon(id, start, [this, id, refused, mute](Process& process) {
    if (refused) {
      core_.on_load_failed(id, {Errc::incompatible, "create() answered status 15"}, loop_.now());
    } else {
      process.ready = true;
      process.mute = mute;
      core_.on_ready(id, loop_.now());
      if (faults_.strikes(Fault::dies_idle)) die_after(id, up_to(10s), "signal 9");
    }
    carry_out();
  });
}

void SimPool::begin_next(WorkerId id) {
  Process& process = processes_.at(id);
  if (process.busy || process.inbox.empty() || process.mute) return;
  const Given given = process.inbox.front();
  process.inbox.pop_front();
  process.busy = true;
  process.started = given.number + (faults_.strikes(Fault::lies_about_started) ? random_.below(5) : 0);
  process.started_at = loop_.now();
  if (faults_.strikes(Fault::lies_about_clock))
    process.started_at = TimePoint(Duration(static_cast<Duration::rep>(random_.next() >> 1)));
  const bool revoked = process.revoked_from <= given.number;
  const bool skip =
      (revoked && !faults_.strikes(Fault::runs_revoked_turn)) || faults_.strikes(Fault::skips_without_reason);
  if (faults_.strikes(Fault::spins)) return;
  if (faults_.strikes(Fault::garbage_frame)) {
    return soon(id, up_to(1ms), [this, id](Process&) {
      core_.on_protocol_error(id, "a frame of type 99", loop_.now());
      carry_out();
    });
  }
  if (faults_.strikes(Fault::dies_in_turn)) return die_after(id, up_to(3ms), "signal 11");
  const Duration length = faults_.strikes(Fault::slow_turn) ? up_to(6s) : turn_min_ + up_to(1ms);
  soon(id, length, [this, id, given, skip](Process&) { run_turn_of(id, given, skip); });
}

void SimPool::run_turn_of(WorkerId id, Given given, bool skip) {
  TurnOutput output;
  if (const auto input = inputs_.find(given.turn); skip) {
    output.end = TurnEnd::skipped;
  } else if (input != inputs_.end()) {
    output = run_turn(plugin_.table(), plugin_.instance(), *decode_turn_input(input->second), limits_);
  }
  if (faults_.strikes(Fault::dies_before_reply_is_sent)) return die(id, "signal 11");
  std::string bytes;
  encode(output, bytes);
  if (faults_.strikes(Fault::unreadable_output)) bytes.resize(bytes.size() / 2);
  std::uint64_t number = given.number;
  if (faults_.strikes(Fault::replies_for_foreign_number)) number += 1 + random_.below(3);
  if (faults_.strikes(Fault::replies_out_of_order)) number -= random_.below(2);
  const bool again = faults_.strikes(Fault::replies_twice);
  Process& process = processes_.at(id);
  process.busy = false;
  reply(id, number, bytes);
  if (again) reply(id, number, bytes);
  if (processes_.contains(id) && faults_.strikes(Fault::dies_after_reply))
    die_after(id, up_to(20ms), "signal 11");
  carry_out();
  if (processes_.contains(id)) begin_next(id);
}

// As WorkerPool::on_frame does.
void SimPool::reply(WorkerId id, std::uint64_t number, const std::string& bytes) {
  auto output = decode_turn_output(bytes);
  if (!output) return core_.on_protocol_error(id, "an output that cannot be read", loop_.now());
  const auto turn = core_.turn_at(id, number);
  const bool skipped = output->end == TurnEnd::skipped;
  if (core_.on_turn_done(id, number, skipped, loop_.now()) && turn && inputs_.erase(*turn) != 0)
    turn_done_(*turn, std::move(*output));
}

void SimPool::arm() {
  const auto next = core_.next_tick();
  if (!next || (timer_ && timer_.at <= *next)) return;
  loop_.cancel(timer_);
  timer_ = loop_.at(*next, [this] {
    timer_ = {};
    core_.tick(loop_.now(), [this](WorkerId worker) -> WorkerClock {
      const auto found = processes_.find(worker);
      if (found == processes_.end()) return {};
      return {found->second.started, found->second.started_at};
    });
    carry_out();
    arm();
  });
}

std::string SimPool::problem() const {
  std::size_t serving = 0;
  for (const auto& [id, process] : processes_) serving += process.killed ? 0 : 1;
  if (serving > settings_.workers_max)
    return plugin_.id() + ": " + std::to_string(serving) + " workers serve, above workers.workers_max";
  for (const auto& [id, process] : processes_) {
    if (process.inbox.size() > settings_.queue_ahead_max)
      return plugin_.id() + ": more turns were sent ahead than workers.queue_ahead_max";
  }
  for (const auto& [turn, input] : inputs_) {
    if (!core_.holds(turn)) return plugin_.id() + ": turn " + std::to_string(turn) + " was lost";
  }
  return {};
}

}  // namespace toolpost::sim
