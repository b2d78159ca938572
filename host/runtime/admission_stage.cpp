#include "runtime/admission_stage.hpp"

namespace toolpost {

RequestNumber AdmissionStage::accept(CallRequest call, Done done, CallRunner::OnProgress progress) {
  const RequestNumber number = ++last_;
  Offer answer = core_.offer(number, call.owner, call.plugin->index, call.bound.deadline, loop_.now());
  requests_.emplace(number, Request{std::move(call), std::move(done), std::move(progress)});
  switch (answer.outcome) {
    case OfferOutcome::admitted:
      begin(number);
      break;
    case OfferOutcome::queued:
      arm();
      break;
    case OfferOutcome::refused:
      refuse_later(number, std::move(*answer.refusal));
      break;
  }
  return number;
}

RequestNumber AdmissionStage::refuse(Error error, Done done) {
  const RequestNumber number = ++last_;
  requests_.emplace(number, Request{{}, std::move(done), {}});
  refuse_later(number, std::move(error));
  return number;
}

void AdmissionStage::refuse_later(RequestNumber number, Error error) {
  loop_.post(
      [this, number, error = std::move(error)]() mutable { answer_refused(number, std::move(error)); });
}

void AdmissionStage::answer_refused(RequestNumber number, Error error) {
  auto node = requests_.extract(number);
  if (node.empty()) return;
  CallOutcome outcome;
  outcome.code = error.code;
  outcome.message = std::move(error.message);
  outcome.retry_after = error.retry_after;
  node.mapped().done(std::move(outcome), nullptr);
}

void AdmissionStage::begin(RequestNumber number) {
  const auto found = requests_.find(number);
  if (found == requests_.end()) return;
  Request& request = found->second;
  request.running = runner_.run(
      std::move(request.call),
      [this, number](CallOutcome outcome, const Journal& journal) {
        on_outcome(number, std::move(outcome), journal);
      },
      [this, number](const CallProgress& progress) {
        if (const auto place = requests_.find(number); place != requests_.end() && place->second.progress) {
          place->second.progress(progress);
        }
      });
}

void AdmissionStage::begin_later(const std::vector<RequestNumber>& numbers) {
  for (const RequestNumber number : numbers) {
    loop_.post([this, number] { begin(number); });
  }
}

void AdmissionStage::on_outcome(RequestNumber number, CallOutcome outcome, const Journal& journal) {
  auto node = requests_.extract(number);
  if (node.empty()) return;
  begin_later(core_.release(number, loop_.now()));
  node.mapped().done(std::move(outcome), &journal);
}

void AdmissionStage::cancel(RequestNumber number) {
  give_up(number, &CallRunner::cancel);
}

void AdmissionStage::leave(RequestNumber number) {
  give_up(number, &CallRunner::leave);
}

void AdmissionStage::give_up(RequestNumber number, void (CallRunner::*end)(CallId)) {
  auto node = requests_.extract(number);
  if (node.empty()) return;
  const Request& request = node.mapped();
  if (request.running != 0) (runner_.*end)(request.running);
  if (request.running == 0 && end == &CallRunner::cancel) runner_.drop_unbegun(request.call);
  if (core_.withdraw(number)) return;
  begin_later(core_.release(number, loop_.now()));
}

void AdmissionStage::leave_all() {
  while (!requests_.empty()) leave(requests_.begin()->first);
}

void AdmissionStage::arm() {
  loop_.cancel(timer_);
  const auto next = core_.next_expiry();
  if (!next) return;
  timer_ = loop_.at(*next, [this] {
    timer_ = {};
    for (ExpiredWait& one : core_.expire(loop_.now())) answer_refused(one.id, std::move(one.error));
    arm();
  });
}

CallOutcome AdmissionStage::so_far(RequestNumber number) const {
  const auto found = requests_.find(number);
  return found == requests_.end() ? CallOutcome{} : runner_.so_far(found->second.running);
}

std::string AdmissionStage::describe(RequestNumber number) const {
  const auto found = requests_.find(number);
  if (found == requests_.end()) return "ended";
  return found->second.running == 0 ? "waiting for a place" : runner_.describe(found->second.running);
}

}  // namespace toolpost
