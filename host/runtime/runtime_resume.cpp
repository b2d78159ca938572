// The part of Runtime that finds calls whose host died (ResumeStage goes on with them), and goes on with
// those that wait for their client's next one.
#include <algorithm>

#include "runtime/runtime.hpp"

namespace toolpost {
namespace {

constexpr OwnerId kOwner = 1;  // one user and one client until calls come over HTTP

}  // namespace

void Runtime::find_interrupted() {
  auto lease = HostLease::take(places_.state_dir, random_.id());
  if (!lease) return on_store_failed(lease.error());
  lease_.emplace(std::move(*lease));
  interrupted_ = std::make_unique<InterruptedCalls>(
      *store_, lease_->name(),
      [folder = places_.state_dir](const std::string& name) { return HostLease::is_held(folder, name); },
      [this] { return lease_->dead(); }, settings_.resume);
  resume_.use(*interrupted_);
  if (auto found = interrupted_->find(owner_name(kOwner), loop_.wall_ms()); !found)
    on_store_failed(found.error());
}

ResumeStage::Ways Runtime::ways_of_resuming() {
  return {[this](JournalChanges changes, std::function<void(Result<void>)> done) {
            record(std::move(changes), std::move(done));
          },
          [this](const RecordedCall& recorded) { return recorded_call(recorded); },
          [this](CallOutcome& outcome) { mask_secrets(outcome); },
          [this](const Error& error) { on_store_failed(error); },
          [this](const CallRequest& call) {
            if (on_event) on_event(Level::info, "call_resumed", call.plugin->id() + ": call " + call.journal);
          }};
}

bool Runtime::is_running(const JournalHead& head) const {
  return !head.ended && HostLease::is_held(places_.state_dir, head.lease);
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

/// `earlier`: the state of the leg before, whose time goes on; empty for the first.
void Runtime::seal_state(CallOutcome& outcome, const JournalHeader& header, std::string_view earlier) const {
  const RequestBinding binding{owner_name(kOwner), wanted_digest(header)};
  std::int64_t expires = loop_.wall_ms() + settings_.deadlines.ask_max.count();
  if (const auto before = seal_->unseal(earlier, binding, 0)) expires = std::min(expires, before->expires_ms);
  outcome.request_state = seal_->seal(outcome.journal, binding, expires);
}

Result<void> Runtime::go_on_with_parked(CallRequest& call, std::string_view state) {
  if (const std::string problem = keeping_problem(); !problem.empty())
    return Error{Errc::unavailable, "nothing can be kept: " + problem};
  const std::string owner = owner_name(call.owner);
  auto opened = seal_->unseal(state, {owner, wanted_by(call)}, loop_.wall_ms());
  if (!opened) return opened.error();
  const std::string& id = opened->journal;
  auto parked = interrupted_->take_parked(owner, id);
  if (!parked) return parked.error();
  if (!*parked)
    return Error{Errc::invalid_input,
                 "params.requestState was used already, or its call is no longer kept; call the tool again "
                 "without it"};
  const JournalHeader& header = (*parked)->call.header;
  if (!is_of(header, *call.plugin)) {
    record({JournalDrop{id}}, {});
    return Error{Errc::invalid_input, "plugin " + header.plugin +
                                          " is another version or has another configuration than when this "
                                          "call asked; call the tool again without params.requestState"};
  }
  resume_.take_over(call, std::move(**parked));
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
    providers_.forget_interrupted(id);
    if (journal != nullptr) return done(std::move(outcome), journal);
    // There was no place for it: the client may ask again, and finds it parked.
    record({JournalPark{id}}, [done, outcome = std::move(outcome)](const Result<void>&) mutable {
      done(std::move(outcome), nullptr);
    });
  };
  return admission_.accept(std::move(call), std::move(parked_again), std::move(progress));
}

}  // namespace toolpost
