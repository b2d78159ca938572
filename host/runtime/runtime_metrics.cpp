// The part of Runtime that counts what happens, and leaves a report of each worker that died.
#include "runtime/runtime.hpp"

namespace toolpost {

void Runtime::count_outcome(const std::string& tool, TimePoint deadline, const CallOutcome& outcome) {
  metrics_.calls.add(outcome.code);
  metrics_.turns += outcome.turns;
  metrics_.turn_reruns += outcome.reruns;
  metrics_.call_duration.observe(label_pair("tool", tool) + "," + label_pair("outcome", name(outcome.code)),
                                 outcome.elapsed);
  // An expert effect may have raised the deadline meanwhile.
  metrics_.deadline_overshoot.observe(loop_.now() - std::max(deadline, outcome.deadline));
}

std::string Runtime::tool_label(std::string_view tool) {
  return plugins_->tool(tool) ? std::string(tool) : "other";
}

void Runtime::add_gauges(Metrics& metrics) const {
  metrics.queue_size += admission_.waiting();
  metrics.calls_running += admission_.running();
  metrics.workers_running += quota_.live;
}

void Runtime::count_worker_end(KillReason reason) {
  switch (reason) {
    case KillReason::hung:
      return metrics_.workers_ended.add(WorkerEnd::hung);
    case KillReason::not_ready:
    case KillReason::load_failed:
      return metrics_.workers_ended.add(WorkerEnd::not_ready);
    case KillReason::protocol:
      return metrics_.workers_ended.add(WorkerEnd::protocol);
    case KillReason::retired:
    case KillReason::other_owner:
      return metrics_.workers_ended.add(WorkerEnd::retired);
    case KillReason::shutdown:
      return metrics_.workers_ended.add(WorkerEnd::shutdown);
  }
}

void Runtime::on_turn_lost(const PluginEntry& plugin, const MethodManifest* method, const Journal* journal,
                           const Error& error) {
  const bool died = error.code == Errc::crashed;
  if (!died && error.code != Errc::hung && error.code != Errc::protocol) return;
  if (died) metrics_.workers_ended.add(WorkerEnd::crashed);
  CrashFacts facts{
      plugin.id(),    plugin.found.manifest.version, plugin.found.sha256, error.message, "", "", 0,
      loop_.wall_ms()};
  if (method != nullptr) facts.method = method->name;
  if (journal != nullptr) {
    facts.turns = journal->turns();
    if (!journal->entries().empty()) facts.last_effect = journal->entries().back().kind;
  }
  // A report that no longer fits into the lane, or onto the disk, is not worth a call.
  lane(store_lane_)
      .run([this, alive = std::weak_ptr<bool>(alive_), folder = places_.state_dir + "/crashes",
            id = plugin.id(), at = facts.wall_ms, text = crashes_.text(facts, redactor_)] {
        auto written = std::make_shared<Result<std::string>>(write_crash_report(folder, id, at, text));
        loop_.post([this, alive, written] {
          if (alive.expired() || !on_event) return;
          on_event(*written ? Level::warn : Level::error, "crash_report",
                   *written ? **written : written->error().message);
        });
      });
}

}  // namespace toolpost
