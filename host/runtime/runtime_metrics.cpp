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
  // What was asked and answered stays out of logs, and so do messages, which may quote it.
  if (outcome.code != Errc::ok && on_event)
    on_event(Level::debug, "call_failed",
             tool + ": " + std::string(name(outcome.code)) + " after " + ms_text(outcome.elapsed) +
                 ", turns: " + std::to_string(outcome.turns) +
                 ", attempts: " + std::to_string(outcome.use.attempts));
  const bool full = outcome.code == Errc::shed && outcome.by == EndedBy::host && admission_.running() > 0;
  if (full) note_shed(tool, outcome.message);
}

/// One line a minute: a host that sheds does it often, and has better things to do than to write of it.
void Runtime::note_shed(const std::string& tool, const std::string& why) {
  if (!on_event || (shed_told_ != TimePoint{} && loop_.now() - shed_told_ < std::chrono::minutes(1))) return;
  shed_told_ = loop_.now();
  on_event(Level::info, "calls_shed", tool + ": " + why + " (told once a minute; counted in calls_total)");
}

std::string Runtime::tool_label(std::string_view tool) {
  return plugins_->tool(tool) ? std::string(tool) : "other";
}

void Runtime::add_gauges(Metrics& metrics) const {
  metrics.queue_size += admission_.waiting();
  metrics.calls_running += admission_.running();
  metrics.workers_running += quota_.live;
  for (const auto& [name, provider] : providers_.providers())
    metrics.attempts_waiting.add(label_pair("provider", name), provider->gate->waiting());
}

void Runtime::count_worker_end(EndReason reason) {
  switch (reason) {
    case EndReason::hung:
      return metrics_.workers_ended.add(WorkerEnd::hung);
    case EndReason::not_ready:
    case EndReason::load_failed:
      return metrics_.workers_ended.add(WorkerEnd::not_ready);
    case EndReason::protocol:
      return metrics_.workers_ended.add(WorkerEnd::protocol);
    case EndReason::retired:
    case EndReason::other_owner:
      return metrics_.workers_ended.add(WorkerEnd::retired);
    case EndReason::shutdown:
      return metrics_.workers_ended.add(WorkerEnd::shutdown);
    case EndReason::crashed:
      return metrics_.workers_ended.add(WorkerEnd::crashed);
    case EndReason::lost:
      return metrics_.workers_ended.add(WorkerEnd::lost);
  }
}

void Runtime::on_refused(const std::string& plugin, const std::string& what, const std::string& why,
                         std::uint64_t times) {
  if (!refusals_.count(plugin, what, times) || !on_event) return;
  // The TOML below the first line, which ends with a colon, is for whoever reads an answer.
  std::string line = why.substr(0, why.find('\n'));
  if (line.ends_with(':')) line.replace(line.size() - 1, 1, " what `toolpost plugins` prints");
  on_event(Level::warn, "plugin_refused",
           plugin + ": " + what + ": " + line + " (logged once; counted in status)");
}

/// The call's journal, to repeat it with; empty when there is none, or it is too long to keep.
std::string Runtime::crash_journal(const Journal* journal, const Error& error) const {
  if (journal == nullptr || journal->bytes() > kCrashJournalBytesMax) return {};
  return redactor_.mask(journal_text({journal->header(), journal->entries(), error.code, error.message, {}}));
}

void Runtime::report_death(const PluginEntry& plugin, CrashFacts::Moment moment, const Error& error,
                           const MethodManifest* method, const Journal* journal) {
  const bool told = error.code == Errc::crashed || error.code == Errc::hung || error.code == Errc::protocol ||
                    error.code == Errc::nondeterministic;
  if (!told || error.loading) return;  // what died while it was loaded is told once, not by each who waited
  CrashFacts facts;
  facts.plugin = plugin.id();
  facts.version = plugin.found.manifest.version;
  facts.file = plugin.found.source;
  facts.file_hash = plugin.found.sha256;
  facts.how = error.message;
  facts.moment = moment;
  facts.wall_ms = loop_.wall_ms();
  if (plugin.pool) facts.last_lines = plugin.pool->last_lines();
  if (method != nullptr) facts.method = method->name;
  if (journal != nullptr) {
    facts.turns = journal->turns();
    if (!journal->entries().empty()) facts.last_effect = journal->entries().back().kind;
  }
  // A report that no longer fits into the lane, or onto the disk, is not worth a call.
  lane(store_lane_)
      .run([this, alive = std::weak_ptr<bool>(alive_), folder = places_.state_dir + "/crashes",
            id = plugin.id(), at = facts.wall_ms,
            report = CrashReport{crash_report_text(facts, redactor_), crash_journal(journal, error)}] {
        auto written = std::make_shared<Result<std::string>>(write_crash_report(folder, id, at, report));
        loop_.post([this, alive, written] {
          if (alive.expired() || !on_event) return;
          on_event(*written ? Level::warn : Level::error, "crash_report",
                   *written ? **written : written->error().message);
        });
      });
}

}  // namespace toolpost
