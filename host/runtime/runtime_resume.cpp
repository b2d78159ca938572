// The part of Runtime that goes on with calls whose host died: a durable one by itself, any other when the
// same is asked again soon.
#include <algorithm>

#include "runtime/runtime.hpp"

namespace toolpost {
namespace {

constexpr OwnerId kOwner = 1;                // one user and one client until calls come over HTTP
constexpr Millis kAgainAfter{1000};          // a durable call that admission refused
constexpr std::int64_t kPauseMax = 1 << 30;  // ms; a wall clock that is further off is wrong

}  // namespace

void Runtime::find_interrupted() {
  auto lease = HostLease::take(places_.state_dir, random_.id());
  if (!lease) return on_store_failed(lease.error());
  lease_.emplace(std::move(*lease));
  interrupted_ = std::make_unique<InterruptedCalls>(
      *store_, lease_->name(),
      [folder = places_.state_dir](const std::string& name) { return HostLease::is_held(folder, name); },
      settings_.resume);
  if (auto found = interrupted_->find(owner_name(kOwner), loop_.wall_ms()); !found)
    on_store_failed(found.error());
}

bool Runtime::is_running(const JournalHead& head) const {
  return !head.ended && HostLease::is_held(places_.state_dir, head.lease);
}

/// Gives the outcome, and forgets the call once it was heard and all is well with it.
Runtime::Done Runtime::told_and_forgotten(Done done) {
  return [this, done = std::move(done)](CallOutcome outcome, const Journal* journal) {
    const bool well = journal != nullptr && outcome.code == Errc::ok && outcome.questions.empty();
    const std::string id = well ? journal->header().call_id : "";
    done(std::move(outcome), journal);
    if (well) forget_later(id);
  };
}

/// What was told leaves the host at the end of this round: forgotten before, a kill in between loses it.
void Runtime::forget_later(const std::string& id) {
  heard_.push_back(id);
  if (heard_.size() == 1) heard_timer_ = loop_.after(Duration{0}, [this] { forget_heard(); });
}

void Runtime::forget_heard() {
  loop_.cancel(heard_timer_);
  JournalChanges drops;
  for (std::string& id : heard_) drops.push_back(JournalDrop{std::move(id)});
  heard_.clear();
  if (!drops.empty()) record(std::move(drops), {});
}

std::optional<RequestNumber> Runtime::attach_to_same(const CallRequest& call, const std::string& key,
                                                     Done& done, CallRunner::OnProgress& progress) {
  if (repeats_.empty()) return std::nullopt;
  if (auto attached = repeats_.attach(key, done, progress)) return attached;
  const std::string wanted = wanted_by(call);
  if (call.durable) {
    Done told = told_and_forgotten(done);
    if (auto attached = repeats_.attach(resumed_key(call.owner, true, wanted), told, progress))
      return attached;
  }
  return repeats_.attach(resumed_key(call.owner, false, wanted), done, progress);
}

RequestNumber Runtime::accept_durable(CallRequest call, Done done, CallRunner::OnProgress progress) {
  call.journal = random_.id();
  call.pinned = make_header(call, random_.next(), loop_.wall_ms());
  call.stored = true;
  JournalBegin begin{call.journal,
                     call.journal,
                     owner_name(call.owner),
                     wanted_digest(*call.pinned),
                     header_line(*call.pinned),
                     true};
  // What is written next is written after this: the lane keeps the order.
  auto shared = std::make_shared<Done>(told_and_forgotten(std::move(done)));
  const std::string key = resumed_key(call.owner, true, begin.wanted);
  const RequestNumber number = repeats_.accept(
      key, std::move(call),
      [this, shared, id = begin.id](CallOutcome outcome, const Journal* journal) {
        if (journal == nullptr) record({JournalDrop{id}}, {});  // refused before it began
        if (const Done told = std::exchange(*shared, nullptr)) told(std::move(outcome), journal);
      },
      std::move(progress));
  record({std::move(begin)}, [this, number, shared](const Result<void>& begun) {
    if (begun) return;
    repeats_.cancel(number);
    CallOutcome outcome;
    outcome.code = begun.error().code;
    outcome.message = begun.error().with("a durable call needs the store").message;
    if (const Done told = std::exchange(*shared, nullptr)) told(std::move(outcome), nullptr);
  });
  return number;
}

std::optional<RequestNumber> Runtime::go_on_with_same(CallRequest& call, Done& done,
                                                      CallRunner::OnProgress& progress) {
  if (!interrupted_ || interrupted_->empty()) return std::nullopt;
  auto same = interrupted_->take_same(owner_name(call.owner), wanted_by(call), call.durable, loop_.wall_ms());
  if (!same) {
    on_store_failed(same.error());
    return std::nullopt;
  }
  if (!*same) return std::nullopt;
  InterruptedCall& taken = **same;
  // It ended while nobody was there to hear it. A doubt is told before the same is asked anew; after any
  // other failure this is another try.
  const bool well = taken.call.code == Errc::ok;
  if (taken.head.ended && !well && taken.call.code != Errc::in_doubt) return std::nullopt;
  if (taken.head.ended) {
    CallOutcome outcome;
    outcome.code = taken.call.code;
    outcome.message = taken.call.message;
    outcome.parts = taken.call.parts;
    loop_.post([this, alive = std::weak_ptr<bool>(alive_), id = taken.head.id, outcome = std::move(outcome),
                well, done = std::move(done)] {
      if (alive.expired()) return;
      done(outcome, nullptr);
      if (well) forget_later(id);
    });
    return 0;
  }
  if (!is_of(taken.call.header, *call.plugin)) {
    record({JournalDrop{taken.head.id}}, {});  // another plugin, or the same set up otherwise: it begins anew
    return std::nullopt;
  }
  if (taken.head.durable) done = told_and_forgotten(std::move(done));
  Done or_given_back = [this, head = taken.head, done = std::move(done)](CallOutcome outcome,
                                                                         const Journal* journal) {
    if (journal == nullptr) interrupted_->give_back(head);  // there was no place for it
    done(std::move(outcome), journal);
  };
  const std::string key = resumed_key(call.owner, taken.head.durable, taken.head.wanted);
  take_over(call, std::move(taken));
  return repeats_.accept(key, std::move(call), std::move(or_given_back), std::move(progress));
}

void Runtime::take_over(CallRequest& call, InterruptedCall taken) {
  call.journal = taken.head.id;
  call.durable = taken.head.durable;
  call.stored = true;
  call.interrupted = true;
  call.pinned = std::move(taken.call.header);
  call.entries = std::move(taken.call.entries);
  providers_.take_over(std::move(taken.served));
  if (on_event) on_event(Level::info, "call_resumed", call.plugin->id() + ": call " + call.journal);
}

/// Why a call cannot wait for its client's next one; empty when it can. Opens the seal when it is first
/// needed.
std::string Runtime::keeping_problem() {
  if (!interrupted_) return store_ ? "this host has no lease in its state folder" : store_problem_;
  if (seal_) return {};
  auto seal = RequestStateSeal::open(places_.state_dir, random_);
  if (!seal) return seal.error().message;
  seal_.emplace(std::move(*seal));
  return {};
}

void Runtime::seal_state(CallOutcome& outcome, const JournalHeader& header) const {
  const RequestBinding binding{owner_name(kOwner), wanted_digest(header)};
  outcome.request_state =
      seal_->seal(outcome.journal, binding, loop_.wall_ms() + settings_.deadlines.ask_max.count());
}

Result<void> Runtime::go_on_with_parked(CallRequest& call, std::string_view state) {
  if (const std::string problem = keeping_problem(); !problem.empty())
    return Error{Errc::unavailable, "nothing can be kept: " + problem};
  const std::string owner = owner_name(call.owner);
  auto id = seal_->unseal(state, {owner, wanted_by(call)}, loop_.wall_ms());
  if (!id) return id.error();
  auto parked = interrupted_->take_parked(owner, *id);
  if (!parked) return parked.error();
  if (!*parked)
    return Error{Errc::invalid_input,
                 "params.requestState was used already, or its call is no longer kept; call the tool again "
                 "without it"};
  const JournalHeader& header = (*parked)->call.header;
  if (!is_of(header, *call.plugin)) {
    record({JournalDrop{*id}}, {});
    return Error{Errc::invalid_input, "plugin " + header.plugin +
                                          " is another version or has another configuration than when this "
                                          "call asked; call the tool again without params.requestState"};
  }
  take_over(call, std::move(**parked));
  return {};
}

RequestNumber Runtime::accept_next_leg(CallRequest call, std::string_view state, Done done,
                                       CallRunner::OnProgress progress) {
  if (auto found = go_on_with_parked(call, state); !found) {
    // The protocol's error, not the tool's: the call was never accepted.
    return admission_.refuse(found.error(),
                             [done = std::move(done)](CallOutcome outcome, const Journal* journal) {
                               outcome.foreign_state = outcome.code == Errc::invalid_input;
                               done(std::move(outcome), journal);
                             });
  }
  Done parked_again = [this, id = call.journal, done = std::move(done)](CallOutcome outcome,
                                                                        const Journal* journal) {
    if (journal != nullptr) return done(std::move(outcome), journal);
    // There was no place for it: the client may ask again, and finds it parked.
    record({JournalPark{id}}, [done, outcome = std::move(outcome)](const Result<void>&) mutable {
      done(std::move(outcome), nullptr);
    });
  };
  return admission_.accept(std::move(call), std::move(parked_again), std::move(progress));
}

std::size_t Runtime::resume_durable(OwnerId owner, const ResumeDone& ended) {
  std::size_t begun = 0;
  if (!interrupted_) return begun;
  for (JournalHead& head : interrupted_->durable()) {
    auto taken = interrupted_->take(owner_name(owner), head.id);
    if (!taken) {
      on_store_failed(taken.error());
      continue;
    }
    if (!*taken || (*taken)->head.ended) continue;
    const JournalHeader header = (*taken)->call.header;
    auto call = recorded_call((*taken)->call);
    if (call && !is_of(header, *call->plugin)) {
      call = Error{Errc::incompatible,
                   "plugin " + header.plugin +
                       " is another version or has another configuration than when this call "
                       "began; call it again"};
    }
    ++begun;
    if (!call) {
      CallOutcome outcome;
      outcome.code = call.error().code;
      outcome.message = call.error().message;
      record({JournalEnd{head.id, outcome_line(outcome.code, outcome.message, {})}}, {});
      if (ended) loop_.post([ended, id = head.id, outcome] { ended(id, outcome); });
      continue;
    }
    take_over(*call, std::move(**taken));
    call->owner = owner;
    call->profile = CeilingProfile::patient;
    // Its time went on while nobody ran it.
    const std::int64_t past = std::clamp<std::int64_t>(loop_.wall_ms() - header.accepted_ms, 0, kPauseMax);
    call->accepted = loop_.now() - Millis(past);
    const CeilingsCore& ceilings = ceilings_.of(call->profile);
    call->bound =
        ceilings.tool(ceilings.request(call->accepted, ClientWall::none), call->accepted, call->accepted);
    head.ended = true;  // once it has; a repeat then finds what nobody heard
    run_resumed(std::move(*call), std::move(head), ended);
  }
  return begun;
}

void Runtime::run_resumed(CallRequest call, JournalHead head, const ResumeDone& ended) {
  CallRequest again = call;
  const std::string id = call.journal;
  const std::string key = resumed_key(call.owner, true, wanted_digest(*call.pinned));
  repeats_.accept(
      key, std::move(call),
      [this, again = std::move(again), head = std::move(head), id, ended](CallOutcome outcome,
                                                                          const Journal* journal) mutable {
        if (journal == nullptr && again.bound.deadline.at() > loop_.now()) {  // no place for it now
          loop_.after(std::max(kAgainAfter, outcome.retry_after),
                      [this, again, head, ended] { run_resumed(again, head, ended); });
          return;
        }
        mask_secrets(outcome);
        head.lease = lease_->name();
        head.changed_ms = loop_.wall_ms();
        interrupted_->give_back(std::move(head));
        if (journal == nullptr)
          record({JournalEnd{id, outcome_line(outcome.code, outcome.message, outcome.parts)}}, {});
        if (ended) ended(id, outcome);
      },
      {});
}

}  // namespace toolpost
