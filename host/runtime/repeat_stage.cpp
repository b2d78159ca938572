#include "runtime/repeat_stage.hpp"

#include <algorithm>

#include "json/canonical_json.hpp"

namespace toolpost {

RequestNumber RepeatStage::accept(const std::string& key, CallRequest call, Done done, OnProgress progress) {
  if (key.empty() || runs_.contains(key))
    return admission_.accept(std::move(call), std::move(done), std::move(progress));
  Run& run = runs_[key];
  const RequestNumber number = add(key, run, std::move(done), std::move(progress));
  run.number = admission_.accept(
      std::move(call),
      [this, key](const CallOutcome& outcome, const Journal* journal) { end(key, outcome, journal); },
      [this, key](const CallProgress& made) { report(key, made); });
  return number;
}

std::optional<RequestNumber> RepeatStage::attach(const std::string& key, Done& done, OnProgress& progress) {
  const auto found = runs_.find(key);
  if (found == runs_.end()) return std::nullopt;
  return add(key, found->second, std::move(done), std::move(progress));
}

RequestNumber RepeatStage::add(const std::string& key, Run& run, Done done, OnProgress progress) {
  const RequestNumber number = admission_.reserve_number();
  run.listeners.push_back({number, std::move(done), std::move(progress)});
  attached_.emplace(number, key);
  return number;
}

void RepeatStage::end(const std::string& key, const CallOutcome& outcome, const Journal* journal) {
  auto node = runs_.extract(key);
  if (node.empty()) return;
  for (Listener& listener : node.mapped().listeners) {
    // Whoever has heard may have sent others away.
    if (attached_.erase(listener.number) != 0) listener.done(outcome, journal);
  }
}

void RepeatStage::report(const std::string& key, const CallProgress& progress) {
  const auto found = runs_.find(key);
  if (found == runs_.end()) return;
  std::vector<OnProgress> told;
  for (const Listener& listener : found->second.listeners) told.push_back(listener.progress);
  for (const OnProgress& tell : told)
    if (tell) tell(progress);
}

void RepeatStage::give_up(RequestNumber number, void (AdmissionStage::*how)(RequestNumber)) {
  const auto key = attached_.extract(number);
  if (key.empty()) return (admission_.*how)(number);
  const auto found = runs_.find(key.mapped());
  if (found == runs_.end()) return;  // it is ending now
  auto& listeners = found->second.listeners;
  std::erase_if(listeners, [&](const Listener& one) { return one.number == number; });
  if (!listeners.empty()) return;
  const RequestNumber run = found->second.number;
  runs_.erase(found);
  (admission_.*how)(run);
}

CallOutcome RepeatStage::so_far(RequestNumber number) const {
  const auto key = attached_.find(number);
  const auto run = key == attached_.end() ? runs_.end() : runs_.find(key->second);
  return admission_.so_far(run == runs_.end() ? number : run->second.number);
}

std::string RepeatStage::describe(RequestNumber number) const {
  const auto key = attached_.find(number);
  const auto run = key == attached_.end() ? runs_.end() : runs_.find(key->second);
  if (run == runs_.end()) return admission_.describe(number);
  const std::size_t others = run->second.listeners.size() - 1;
  return admission_.describe(run->second.number) +
         (others == 0 ? "" : ", shared with " + std::to_string(others) + " that asked for the same");
}

std::string shared_key(const CallRequest& call, const AdmissionSettings& settings) {
  const auto& granted = call.plugin->granted;
  if (!settings.attach_repeats || !call.method->idempotent || call.durable || granted.empty()) return {};
  // An unfinished answer is one client's to go on with, and its state is taken once.
  if (granted.contains("ask") || granted.contains("sample")) return {};
  return "shared " + std::to_string(call.owner) + " " + std::to_string(static_cast<int>(call.profile)) + " " +
         std::to_string(static_cast<int>(call.wall)) + " " + call.plugin->id() + " " + call.method->name +
         " " + digest_hex(call.request);
}

std::string resumed_key(OwnerId owner, bool durable, const std::string& wanted) {
  return (durable ? "durable " : "resumed ") + std::to_string(owner) + " " + wanted;
}

}  // namespace toolpost
