// The part of CallRunner for calls that ask their client: time stands still while a user thinks, and a call
// of the stateless revision ends its leg when nothing but answers can go on with it.
#include <algorithm>

#include "runtime/call_runner.hpp"

namespace toolpost {

CallId CallRunner::root_of(CallId id) const {
  const auto found = calls_.find(id);
  return found == calls_.end() || found->second->request.parent == 0 ? id : found->second->request.parent;
}

/// "2", or "2.0" for the first effect of the provider call that answers effect 2.
std::string CallRunner::question_key(const Call& call, std::size_t index) const {
  std::string own = std::to_string(index);
  if (call.request.parent == 0) return own;
  const std::string& journal = call.request.journal;
  return journal.substr(journal.find('.') + 1) + "." + own;
}

/// Until when a client waits that gives up after a fixed time, whatever its user does, less what it takes to
/// answer it.
TimePoint CallRunner::wall_of(const Call& call) const {
  const DeadlineSettings& deadlines = settings_.deadlines;
  if (call.request.wall == ClientWall::none || deadlines.client_wall == Millis{0}) return TimePoint::max();
  return call.request.accepted + deadlines.client_wall - deadlines.client_reserve - deadlines.tool_reserve;
}

Duration CallRunner::hold(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return Duration{0};
  Call& call = *found->second;
  const TimePoint now = loop_.now();
  if (call.held++ == 0) {
    call.held_since = now;
    call.before_hold = call.request.bound;
    const TimePoint before = call.before_hold.deadline.at();
    const Duration left = std::max(Duration{0}, settings_.deadlines.ask_max - call.held_for);
    call.request.bound.deadline = Deadline(std::max(before, std::min(before + left, wall_of(call))));
    arm_deadline(id, call);
  }
  const Duration left = settings_.deadlines.ask_max - call.held_for - (now - call.held_since);
  const Duration to_deadline = call.request.bound.deadline.at() - now - settings_.deadlines.tool_reserve;
  return std::max(Duration{0}, std::min(left, to_deadline));
}

void CallRunner::release(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end() || found->second->held == 0) return;
  Call& call = *found->second;
  if (--call.held > 0) return;
  const Duration waited = loop_.now() - call.held_since;
  call.held_for += waited;
  BoundDeadline bound = call.before_hold;
  const TimePoint before = bound.deadline.at();
  const TimePoint wall = std::max(before, wall_of(call));
  if (wall < before + waited) {
    bound = {Deadline(wall), "deadlines.client_wall_ms", settings_.deadlines.client_wall,
             settings_.deadlines.client_reserve, nullptr};
  } else {
    bound.deadline = Deadline(before + waited);
  }
  call.request.bound = std::move(bound);
  arm_deadline(id, call);
}

std::vector<ClientQuestion> CallRunner::questions_of(CallId id) const {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return {};
  const Call& call = *found->second;
  if (call.turn != 0 || call.committing || call.recording > 0 || call.turn_due || !call.waiting_for)
    return {};
  if (call.journal.done(*call.waiting_for)) return {};
  std::vector<ClientQuestion> questions;
  for (std::size_t index = 0; index < call.journal.entries().size(); ++index) {
    const JournalEntry& entry = call.journal.entries()[index];
    // Neither can be waited for across two calls; they begin again with the next one.
    if (entry.done || entry.kind == "sleep" || entry.kind == "join") continue;
    const auto effect = call.effects.find(index);
    if (effect == call.effects.end()) return {};
    std::vector<ClientQuestion> more = effect->second->for_client();
    if (more.empty()) return {};  // it works at something else
    questions.insert(questions.end(), more.begin(), more.end());
  }
  return questions;
}

/// Answers the client with the questions, once the call is on disk for whoever has the answers.
void CallRunner::end_leg_if_idle(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  Call& call = *found->second;
  const ClientReach& reach = call.request.reach;
  if (reach.desk != nullptr || !(reach.user || reach.model)) return;
  auto questions = questions_of(id);
  if (questions.empty()) return;
  call.committing = true;
  JournalChanges changes;
  collect(call, changes);
  for (auto& [other, serving] : calls_)
    if (serving->request.parent == id) collect(*serving, changes);
  changes.push_back(JournalPark{call.request.journal});
  effects_.record(std::move(changes), [this, id, questions = std::move(questions)](const Result<void>& kept) {
    if (!calls_.contains(id)) return;
    if (!kept) return fail(id, kept.error().with("keeping the call until the client has answered"));
    CallOutcome outcome;
    outcome.questions = questions;
    outcome.journal = calls_.at(id)->request.journal;
    finish(id, std::move(outcome));
  });
}

}  // namespace toolpost
