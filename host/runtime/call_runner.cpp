#include "runtime/call_runner.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/model_facts.hpp"

namespace toolpost {
namespace {

JournalLimits journal_limits(const TurnSettings& turns) {
  return {turns.effects_max, turns.turns_max, turns.journal_bytes_max};
}

/// Whether a server has answered the call, well or badly.
bool has_answers(const Journal& journal) {
  return std::any_of(journal.entries().begin(), journal.entries().end(), [](const JournalEntry& entry) {
    return entry.done && (entry.kind == "provider" || entry.kind == "http") &&
           (entry.code == Errc::ok || entry.code == Errc::bad_upstream ||
            entry.code == Errc::content_blocked);
  });
}

}  // namespace

CallRunner::~CallRunner() {
  for (auto& [id, call] : calls_) {
    loop_.cancel(call->deadline_timer);
    for (auto& [index, timer] : call->timers) loop_.cancel(timer);
  }
}

CallId CallRunner::run(CallRequest request, Done done, OnProgress progress) {
  const CallId id = ++last_call_;
  JournalHeader header =
      request.pinned ? *request.pinned : make_header(request, random_.next(), loop_.wall_ms());
  Journal journal(std::move(header), journal_limits(settings_.turns));
  if (!request.entries.empty()) journal.restore(std::move(request.entries));
  auto added = std::make_unique<Call>(std::move(request), std::move(journal));
  Call& call = *added;
  call.done = std::move(done);
  call.progress = std::move(progress);
  calls_.emplace(id, std::move(added));
  arm_deadline(id, call);
  const CallId outer = std::exchange(adding_, id);
  if (restore(id, call)) begin_turn(id, call);
  adding_ = outer;
  return id;
}

void CallRunner::arm_deadline(CallId id, Call& call) {
  loop_.cancel(call.deadline_timer);
  call.deadline_timer = loop_.at(call.request.bound.deadline.at(), [this, id] {
    const auto found = calls_.find(id);
    if (found == calls_.end()) return;
    const Call& late = *found->second;
    Error error = deadline_error(late.request.bound, late.request.accepted, loop_.now(), late.use.attempts);
    error.message += ", " + std::to_string(late.journal.turns()) +
                     (late.journal.turns() == 1 ? " turn (" : " turns (") + describe(id) + ")";
    fail(id, std::move(error));
  });
}

void CallRunner::raise_deadline(CallId id, BoundDeadline bound) {
  const auto found = calls_.find(id);
  if (found == calls_.end() || bound.deadline.at() <= found->second->request.bound.deadline.at()) return;
  if (found->second->held > 0) found->second->before_hold = bound;
  found->second->request.bound = std::move(bound);
  arm_deadline(id, *found->second);
}

void CallRunner::count_attempt(CallId id) {
  if (const auto found = calls_.find(id); found != calls_.end()) ++found->second->use.attempts;
}

void CallRunner::count_use(CallId id, const CallUse& more) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  CallUse& use = found->second->use;
  use.tokens += more.tokens;
  for (const auto& [currency, amount] : more.cost)
    use.cost[currency] = rounded_money(use.cost[currency] + amount);
  use.models.insert(more.models.begin(), more.models.end());
}

CallUse CallRunner::use_of(CallId id) const {
  const auto found = calls_.find(id);
  return found == calls_.end() ? CallUse{} : found->second->use;
}

void CallRunner::report_stream(CallId id, std::size_t content_events) {
  const auto child = calls_.find(id);
  if (child == calls_.end()) return;
  const auto parent = calls_.find(child->second->request.parent);
  if (parent == calls_.end() || !parent->second->progress) return;
  parent->second->progress({static_cast<double>(content_events), 0,
                            "the model is answering, " + std::to_string(content_events) +
                                (content_events == 1 ? " piece so far" : " pieces so far")});
}

void CallRunner::hint_retry(CallId id, Errc code, Millis wait) {
  const auto found = calls_.find(id);
  if (found == calls_.end() || wait <= Millis{0}) return;
  found->second->retry_code = code;
  found->second->retry_at = loop_.now() + wait;
}

void CallRunner::tell_use(const Call& call, CallOutcome& outcome) const {
  outcome.turns = call.journal.turns();
  outcome.use = call.use;
  outcome.reruns = call.crash_reruns;
  outcome.deadline = call.request.bound.deadline.at();
  outcome.elapsed = loop_.now() - call.request.accepted;
}

CallOutcome CallRunner::so_far(CallId id) const {
  CallOutcome outcome;
  if (const auto found = calls_.find(id); found != calls_.end()) tell_use(*found->second, outcome);
  return outcome;
}

std::string CallRunner::describe(CallId id) const {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return "ended";
  const Call& call = *found->second;
  if (call.committing) return "storing its results";
  if (call.turn != 0 || !call.waiting_for) return "computing";
  return "waiting for " + call.journal.entries()[*call.waiting_for].kind;
}

void CallRunner::each_call(const std::function<void(const LiveCall&)>& visit) const {
  for (const auto& [id, call] : calls_) {
    const auto parent = calls_.find(call->request.parent);
    visit({id, call->request.bound.deadline.at(),
           parent == calls_.end() ? TimePoint::max() : parent->second->request.bound.deadline.at(),
           call->deadline_timer, call->journal});
  }
}

void CallRunner::begin_turn(CallId id, Call& call) {
  call.turn_due = false;
  if (call.request.plugin->incompatible) return fail(id, *call.request.plugin->incompatible);
  watchers_.prepare(*call.request.plugin);
  if (auto begun = call.journal.begin_turn(); !begun) return fail(id, begun.error());
  call.waiting_for.reset();
  call.turn = ++last_turn_;
  turns_.emplace(call.turn, id);
  std::string bytes;
  encode(call.journal.turn_input(), bytes);
  call.request.plugin->pool->submit(call.turn, call.request.owner, std::move(bytes));
}

void CallRunner::on_turn_done(TurnId turn, Result<TurnOutput> output) {
  const auto place = turns_.find(turn);
  if (place == turns_.end()) return;  // withdrawn
  const CallId id = place->second;
  turns_.erase(place);
  Call& call = *calls_.at(id);
  call.turn = 0;
  if (!output) {
    if (watchers_.turn_lost) watchers_.turn_lost(call.request, call.journal, output.error());
    // A crash is run again once, on another worker with the same journal; a hang is not.
    const bool again = output.error().code == Errc::crashed && call.crash_reruns == 0;
    if (!again) {
      Error error = output.error();
      if (error.code == Errc::crashed) error.message += ", and again when the turn was run once more";
      return fail(id, std::move(error));
    }
    ++call.crash_reruns;
    call.turn_due = true;
    return go_on(id);
  }
  for (const TurnLogLine& line : output->log_lines) {
    if (watchers_.log_line) watchers_.log_line(*call.request.plugin, line);
  }
  call.journal.note_log_lines(output->log_lines_total);
  if (!output->progress_message.empty() && call.progress) {
    call.progress({output->progress_done, output->progress_total, output->progress_message});
  }
  if (output->end == TurnEnd::diverged) {
    Error diverged{Errc::nondeterministic, "plugin " + call.request.plugin->id() + ": " + output->message};
    if (watchers_.turn_lost) watchers_.turn_lost(call.request, call.journal, diverged);
    return fail(id, std::move(diverged));
  }
  if (output->end == TurnEnd::suspended) return on_suspended(id, call, std::move(*output));
  on_finished(id, call, std::move(*output));
}

void CallRunner::on_suspended(CallId id, Call& call, TurnOutput output) {
  auto first = call.journal.append(std::move(output.started), output.waiting_for);
  if (!first) return fail(id, first.error());
  call.waiting_for = output.waiting_for;
  const std::size_t end = call.journal.entries().size();
  if (call.request.stored) {
    for (std::size_t index = *first; index < end; ++index) call.changed.push_back(index);
  }
  for (std::size_t index = *first; index < end; ++index) {
    start_effect(id, index);
    if (!calls_.contains(id)) return;  // an effect may end the call, by its limits
  }
  go_on(id);
}

void CallRunner::start_effect(CallId id, std::size_t index) {
  Call& call = *calls_.at(id);
  const JournalEntry& entry = call.journal.entries()[index];
  if (call.request.offline) {
    return settle(id, index, Errc::unsupported,
                  "a replay performs no effects, and its recording holds no more of them");
  }
  if (entry.kind == "join" || entry.kind == "sleep") return start_timer_effect(id, call, index, entry);
  if (entry.kind == "http") return start_when_recorded(id, index);
  if (entry.kind == "provider" && call.request.journal.empty()) call.request.journal = random_.id();
  perform(id, index);
}

EffectOrder CallRunner::order_of(CallId id, const Call& call, std::size_t index) const {
  const auto& entries = call.journal.entries();
  const JournalEntry& entry = entries[index];
  const CallId root = root_of(id);
  const CallRequest& own = calls_.at(root)->request;
  const bool asks = entry.kind == "ask" || entry.kind == "sample";
  const auto of_kind = std::count_if(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(index),
                                     [&](const JournalEntry& one) { return one.kind == entry.kind; });
  return {id,
          index,
          entry.kind,
          entry.request,
          entry.timeout_ms,
          call.request.plugin,
          call.request.method,
          call.request.owner,
          call.request.accepted,
          call.request.bound,
          call.request.wall,
          call.request.profile,
          call.request.journal,
          root,
          static_cast<std::uint32_t>(of_kind + 1),
          own.reach,
          &own.answers,
          asks ? question_key(call, index) : std::string(),
          asks ? "Tool " + own.method->name + " (plugin " + own.plugin->id() + ")" : std::string()};
}

void CallRunner::perform(CallId id, std::size_t index) {
  // Settled at once or later: either way through the loop, so that nothing re-enters this call.
  auto running =
      effects_.start(order_of(id, *calls_.at(id), index), [this, id, index](Errc code, std::string result) {
        loop_.post([this, id, index, code, result = std::move(result)]() mutable {
          settle(id, index, code, std::move(result));
        });
      });
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  if (running) found->second->effects[index] = std::move(running);
  const std::uint32_t timeout_ms = found->second->journal.entries()[index].timeout_ms;
  if (timeout_ms != 0) {
    found->second->timers[index] = loop_.after(Millis(timeout_ms), [this, id, index, timeout_ms] {
      settle(id, index, Errc::deadline,
             "the effect's own timeout_ms = " + std::to_string(timeout_ms) + " passed");
    });
  }
}

void CallRunner::start_timer_effect(CallId id, Call& call, std::size_t index, const JournalEntry& entry) {
  if (entry.kind == "sleep") {
    const auto json = nlohmann::json::parse(entry.request, nullptr, false);
    if (!json.is_object() || !json.contains("ms") || !json["ms"].is_number_unsigned() ||
        json["ms"].get<std::uint64_t>() > 86'400'000) {
      return settle(id, index, Errc::invalid_input, "sleep: \"ms\" must be between 0 and 86400000");
    }
    call.timers[index] = loop_.after(Millis(json["ms"].get<std::uint64_t>()),
                                     [this, id, index] { settle(id, index, Errc::ok, "{}"); });
    return;
  }
  auto join = parse_join(entry.request, call.journal.header().seed, index);
  if (!join) return settle(id, index, join.error().code, join.error().message);
  if (join->timeout_ms != 0) {
    call.timers[index] = loop_.after(Millis(join->timeout_ms), [this, id, index] {
      const auto found = calls_.find(id);
      if (found == calls_.end()) return;
      const auto place = found->second->joins.find(index);
      if (place == found->second->joins.end()) return;
      auto result = settle_join(place->second, found->second->journal, JoinTime::over);
      settle(id, index, Errc::ok, std::move(*result));
    });
  }
  call.joins.emplace(index, std::move(*join));
  check_joins(id);
}

void CallRunner::settle(CallId id, std::size_t index, Errc code, std::string result) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  Call& call = *found->second;
  call.effects.erase(index);
  call.joins.erase(index);
  if (const auto timer = call.timers.find(index); timer != call.timers.end()) {
    loop_.cancel(timer->second);
    call.timers.erase(timer);
  }
  if (!call.journal.settle(index, code, std::move(result), loop_.wall_ms())) return;
  const JournalEntry& entry = call.journal.entries()[index];
  if (watchers_.effect_settled) watchers_.effect_settled(entry.kind, entry.code);
  if (stores(call)) return use_when_recorded(id, call, index);
  check_joins(id);
  go_on(id);
}

void CallRunner::check_joins(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  std::vector<std::pair<std::size_t, std::string>> settled;
  for (const auto& [index, join] : found->second->joins) {
    if (auto result = settle_join(join, found->second->journal, JoinTime::running)) {
      settled.emplace_back(index, std::move(*result));
    }
  }
  for (auto& [index, result] : settled) settle(id, index, Errc::ok, std::move(result));
}

void CallRunner::go_on(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  Call& call = *found->second;
  if (call.turn != 0 || call.committing || call.recording > 0) return;
  if (call.turn_due || (call.waiting_for && call.journal.done(*call.waiting_for)))
    return begin_turn(id, call);
  end_leg_if_idle(root_of(id));
}

void CallRunner::on_finished(CallId id, Call& call, TurnOutput output) {
  if (output.code != Errc::ok) {
    Millis retry_after(output.retry_after_ms);
    if (retry_after == Millis{0} && output.code == call.retry_code)
      retry_after = std::max(Millis{0}, std::chrono::ceil<Millis>(call.retry_at - loop_.now()));
    return fail(
        id,
        {output.code, output.message.empty() ? "the plugin gave no reason" : std::move(output.message),
         retry_after, output.side_effect},
        EndedBy::plugin);
  }
  if (auto fine = watchers_.check_output(*call.request.plugin, *call.request.method, output.parts); !fine) {
    return fail(id, fine.error());
  }
  call.committing = true;
  CallOutcome outcome;
  outcome.parts = std::move(output.parts);
  // A call that lost the store may do without. What it leaves behind and the end of its journal are one,
  // though.
  const bool without = call.unstored && !call.request.durable && !effects_.defers(id);
  JournalChanges end = without ? JournalChanges{} : ending(call, outcome);
  const bool ends = !end.empty();  // if not, an effect that nobody waits for may yet begin a journal
  effects_.commit(id, call.request.owner, std::move(end),
                  [this, id, ends, outcome = std::move(outcome)](const Result<void>& stored) mutable {
                    const auto found = calls_.find(id);
                    if (found == calls_.end()) return;  // the deadline was faster
                    if (!stored) return fail(id, stored.error().with("storing the call's results"));
                    if (ends) found->second->request.stored = false;  // its journal is no more
                    finish(id, std::move(outcome));
                  });
}

void CallRunner::fail(CallId id, Error error, EndedBy by) {
  CallOutcome outcome;
  outcome.by = by;
  outcome.code = error.code;
  outcome.message = std::move(error.message);
  outcome.retry_after = error.retry_after;
  outcome.side_effect = error.side_effect;
  finish(id, std::move(outcome));
}

std::unique_ptr<CallRunner::Call> CallRunner::remove(CallId id) {
  auto node = calls_.extract(id);
  if (node.empty()) return nullptr;
  std::unique_ptr<Call> call = std::move(node.mapped());
  loop_.cancel(call->deadline_timer);
  for (auto& [index, timer] : call->timers) loop_.cancel(timer);
  call->effects.clear();
  if (call->turn != 0) {
    turns_.erase(call->turn);
    call->request.plugin->pool->withdraw(call->turn);
  }
  effects_.forget(id);
  return call;
}

void CallRunner::finish(CallId id, CallOutcome outcome) {
  if (id == adding_) {  // whoever started the call does not know its id yet
    loop_.post([this, id, outcome = std::move(outcome)]() mutable { finish(id, std::move(outcome)); });
    return;
  }
  const std::unique_ptr<Call> call = remove(id);
  if (!call) return;
  if (JournalChanges end = ending(*call, outcome); !end.empty() && outcome.questions.empty()) {
    const bool kept = std::holds_alternative<JournalEnd>(end.front()) && !call->unstored;
    if (kept && outcome.code != Errc::ok && has_answers(call->journal))
      outcome.message += "; toolpost calls show " + call->request.journal + " prints the answers it had";
    effects_.record(std::move(end), {});
  }
  tell_use(*call, outcome);
  if (call->done) call->done(std::move(outcome), call->journal);
}

void CallRunner::end(CallId id, Error error) {
  if (calls_.contains(id)) fail(id, std::move(error));
}

void CallRunner::cancel(CallId id) {
  const std::unique_ptr<Call> call = remove(id);
  // A provider call's journal goes with the effect that it answers.
  if (call && call->request.stored && call->request.parent == 0)
    effects_.record({JournalDrop{call->request.journal}}, {});
}

}  // namespace toolpost
