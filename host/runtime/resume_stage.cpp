#include "runtime/resume_stage.hpp"

#include <algorithm>

namespace toolpost {
namespace {

constexpr Millis kAgainAfter{1000};  // a durable call that admission refused
// Whether another host has died is asked before a call, so that it finds what that one left; so often costs
// a busy host nothing that can be measured. A durable call always asks.
constexpr Millis kLookAgainAfter{20};
constexpr std::int64_t kPauseMax = 1 << 30;  // ms; a wall clock that is further off is wrong

Error other_plugin(const std::string& plugin) {
  return {Errc::incompatible, "plugin " + plugin +
                                  " is another version or has another configuration than when this call "
                                  "began; call it again"};
}

}  // namespace

ResumeStage::~ResumeStage() {
  loop_.cancel(heard_timer_);
  for (auto& [id, timer] : again_) loop_.cancel(timer);
}

RequestNumber ResumeStage::accept(const std::string& key, CallRequest call, Done done, OnProgress progress) {
  if (auto attached = attach_to_same(call, key, done, progress)) return *attached;
  if (auto again = go_on_with_same(call, done, progress)) return *again;
  if (call.durable) return accept_durable(std::move(call), std::move(done), std::move(progress));
  return repeats_.accept(key, std::move(call), std::move(done), std::move(progress));
}

/// Gives the outcome. Once it was heard the call is forgotten if all is well with it, and a doubt is told to
/// nobody else: who asks again asks anew.
ResumeStage::Done ResumeStage::told_and_forgotten(Done done) {
  return [this, done = std::move(done)](CallOutcome outcome, const Journal* journal) {
    const bool ended = journal != nullptr && outcome.questions.empty();
    const Errc code = outcome.code;
    const std::string id = ended ? journal->header().call_id : "";
    done(std::move(outcome), journal);
    if (ended && code == Errc::ok) forget_later(JournalDrop{id});
    if (ended && code == Errc::in_doubt) forget_later(JournalHeard{id});
  };
}

/// What was told leaves the host at the end of this round: forgotten before, a kill in between loses it.
void ResumeStage::forget_later(JournalChange change) {
  heard_.push_back(std::move(change));
  if (heard_.size() == 1) heard_timer_ = loop_.after(Duration{0}, [this] { forget_heard(); });
}

void ResumeStage::forget_heard() {
  loop_.cancel(heard_timer_);
  if (JournalChanges changes = std::exchange(heard_, {}); !changes.empty())
    ways_.record(std::move(changes), {});
}

std::optional<RequestNumber> ResumeStage::attach_to_same(const CallRequest& call, const std::string& key,
                                                         Done& done, OnProgress& progress) {
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

RequestNumber ResumeStage::accept_durable(CallRequest call, Done done, OnProgress progress) {
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
        if (journal == nullptr) ways_.record({JournalDrop{id}}, {});  // refused before it began
        if (const Done told = std::exchange(*shared, nullptr)) told(std::move(outcome), journal);
      },
      std::move(progress));
  ways_.record({std::move(begin)}, [this, number, shared](const Result<void>& begun) {
    if (begun) return;
    repeats_.cancel(number);
    CallOutcome outcome;
    outcome.code = begun.error().code;
    outcome.message = begun.error().with("a durable call needs the store").message;
    if (const Done told = std::exchange(*shared, nullptr)) told(std::move(outcome), nullptr);
  });
  return number;
}

std::optional<RequestNumber> ResumeStage::go_on_with_same(CallRequest& call, Done& done,
                                                          OnProgress& progress) {
  if (interrupted_ == nullptr) return std::nullopt;
  if (call.durable || loop_.now() >= look_at_) {
    look_at_ = loop_.now() + kLookAgainAfter;
    if (auto looked = interrupted_->look_again(owner_name(call.owner), loop_.wall_ms()); !looked)
      ways_.store_failed(looked.error());
  }
  if (interrupted_->empty()) return std::nullopt;
  auto same = interrupted_->take_same(owner_name(call.owner), wanted_by(call), call.durable, loop_.wall_ms());
  if (!same) {
    ways_.store_failed(same.error());
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
      if (well)
        forget_later(JournalDrop{id});
      else
        forget_later(JournalHeard{id});
    });
    return 0;
  }
  if (!is_of(taken.call.header, *call.plugin)) {
    // Another plugin, or the same set up otherwise: it begins anew.
    ways_.record({JournalDrop{taken.head.id}}, {});
    return std::nullopt;
  }
  if (taken.head.durable) done = told_and_forgotten(std::move(done));
  Done or_given_back = [this, head = taken.head, done = std::move(done)](CallOutcome outcome,
                                                                         const Journal* journal) {
    if (journal == nullptr) interrupted_->give_back(head);  // there was no place for it
    providers_.forget_interrupted(head.id);
    done(std::move(outcome), journal);
  };
  const std::string key = resumed_key(call.owner, taken.head.durable, taken.head.wanted);
  take_over(call, std::move(taken));
  return repeats_.accept(key, std::move(call), std::move(or_given_back), std::move(progress));
}

void ResumeStage::take_over(CallRequest& call, InterruptedCall taken) {
  call.journal = taken.head.id;
  call.durable = taken.head.durable;
  call.stored = true;
  call.interrupted = true;
  call.pinned = std::move(taken.call.header);
  call.entries = std::move(taken.call.entries);
  providers_.take_over(std::move(taken.served));
  ways_.resumed(call);
}

std::size_t ResumeStage::resume_durable(OwnerId owner, const Ended& ended) {
  std::size_t begun = 0;
  if (interrupted_ == nullptr) return begun;
  for (JournalHead& head : interrupted_->durable()) {
    auto taken = interrupted_->take(owner_name(owner), head.id);
    if (!taken) {
      ways_.store_failed(taken.error());
      continue;
    }
    if (!*taken || (*taken)->head.ended) continue;
    const JournalHeader header = (*taken)->call.header;
    auto call = ways_.recorded_call((*taken)->call);
    if (call && !is_of(header, *call->plugin)) call = other_plugin(header.plugin);
    ++begun;
    if (!call) {
      CallOutcome outcome;
      outcome.code = call.error().code;
      outcome.message = call.error().message;
      ways_.record({JournalEnd{head.id, outcome_line(outcome.code, outcome.message, {})}}, {});
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
    run_resumed(std::move(*call), std::move(head), ended);
  }
  return begun;
}

void ResumeStage::run_resumed(CallRequest call, JournalHead head, const Ended& ended) {
  CallRequest again = call;
  const std::string id = call.journal;
  const std::string key = resumed_key(call.owner, true, wanted_digest(*call.pinned));
  repeats_.accept(
      key, std::move(call),
      [this, again = std::move(again), id, head = std::move(head), ended](CallOutcome outcome,
                                                                          const Journal* journal) mutable {
        if (journal == nullptr && again.bound.deadline.at() > loop_.now())  // no place for it now
          return run_again_later(again, std::move(head), std::max(kAgainAfter, outcome.retry_after), ended);
        providers_.forget_interrupted(id);
        ways_.mask(outcome);
        const bool told = ended && outcome.code == Errc::in_doubt;  // who asks again asks anew
        head.ended = true;                                          // a repeat finds what nobody heard
        head.changed_ms = loop_.wall_ms();
        if (!told) interrupted_->give_back(std::move(head));
        if (journal == nullptr)
          ways_.record({JournalEnd{id, outcome_line(outcome.code, outcome.message, outcome.parts)}}, {});
        if (ended) ended(id, outcome);
        if (told) forget_later(JournalHeard{id});
      },
      {});
}

void ResumeStage::run_again_later(const CallRequest& call, JournalHead head, Duration wait,
                                  const Ended& ended) {
  again_[call.journal] = loop_.after(wait, [this, call, head = std::move(head), ended] {
    again_.erase(call.journal);
    run_resumed(call, head, ended);
  });
}

}  // namespace toolpost
