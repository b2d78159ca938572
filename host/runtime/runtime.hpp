#pragma once
// Builds every part by name and joins them: plugins, policies, effects, store. What serve, call and the tests
// drive. Threads: the loop's.

#include <functional>
#include <memory>
#include <string>

#include "base/blocking_lane.hpp"
#include "call/journal_file.hpp"
#include "effect/file/file_effects.hpp"
#include "effect/git/git_service.hpp"
#include "effect/http/http_client.hpp"
#include "json/json_reader.hpp"
#include "policy/ceilings_core.hpp"
#include "runtime/client_questions.hpp"
#include "runtime/deferred_changes.hpp"
#include "runtime/plugin_table.hpp"
#include "runtime/provider_service.hpp"
#include "runtime/quarantine.hpp"
#include "runtime/recent_calls.hpp"
#include "runtime/refusal_tally.hpp"
#include "runtime/request_state.hpp"
#include "runtime/resume_stage.hpp"
#include "runtime/tool_host.hpp"
#include "store/host_lease.hpp"
#include "store/store.hpp"
#include "telemetry/crash_reports.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"
#include "worker/worker_pool.hpp"

namespace toolpost {

/// What comes from outside the configuration file.
struct RuntimePlaces {
  std::string version;
  std::string state_dir;
  std::vector<PluginFolder> plugin_folders;
  std::vector<std::string> file_roots;
  std::string git_program;  // toolpost-git
  std::function<bool(const std::string& plugin, FrameType)>
      kill_after_frame;                      // for tests; see WorkerPool::Events
  std::vector<std::string> catalog_folders;  // of the bundled model catalogues
  EnvironmentGetter environment;             // for the keys that the configuration names
  /// Keys by the provider's name that were read before, since that may take time; unset: read in open().
  std::function<Result<Secret>(const std::string& provider)> keys;
  Metrics* metrics = nullptr;  // outlives the runtime; null: nobody asks
};

class Runtime final : public ToolHost, private EffectHost, private MoneyLedger {
 public:
  /// `settings` must have passed config/settings_rules.
  Runtime(EventLoop& loop, Spawner& spawner, Settings settings, RuntimePlaces places);
  ~Runtime() override;

  /// Scans plugins, opens roots, reads keys. Error: only what makes the host useless.
  Result<void> open();
  /// Opens each plugin once in the background, so that one that cannot run is known before it is needed.
  void verify_plugins();

  RequestNumber call_tool(const ToolRequest& request, Done done, CallRunner::OnProgress progress) override;
  void cancel(RequestNumber number) override;
  void leave(RequestNumber number) override { repeats_.leave(number); }
  std::string describe(RequestNumber number) const override { return repeats_.describe(number); }
  CallOutcome so_far(RequestNumber number) const override { return repeats_.so_far(number); }
  std::string why_no_tool(std::string_view name) override {
    return plugins_->tool(name) ? std::string() : plugins_->no_tool(name).message;
  }
  const Settings& settings() const override { return settings_; }
  void count_refused_line() override { metrics_.sanitizer_actions.add(SanitizerAction::refused_structure); }
  /// Goes on with every durable call of this owner whose host died. `ended` hears of each, and may be empty.
  std::size_t resume_durable(OwnerId owner, const ResumeStage::Ended& ended) {
    return resume_.resume_durable(owner, ended);
  }
  /// The store, for who lists calls; null when there is none.
  Store* store() { return store_.get(); }
  /// Why there is none; empty when there is one.
  const std::string& store_problem() const { return store_problem_; }
  bool is_running(const JournalHead& head) const;

  /// Repeats a recorded call; effects beyond its journal fail.
  Result<RequestNumber> replay(const RecordedCall& recorded, Done done);

  PluginTable& plugins() { return *plugins_; }
  const Quarantine& quarantine() const { return quarantine_; }
  const ProviderService& providers() const { return providers_; }
  /// Requests that have no outcome; durable ones that wait to be tried again count.
  std::size_t unanswered() const { return admission_.unanswered() + resume_.refused(); }
  const std::string& state_dir() const { return places_.state_dir; }
  int isolation_level() const { return isolation_level_; }
  std::string status_json(bool everything) const;
  /// From here on both runtimes list their calls together: this one takes the other's place.
  void share_recent_calls(const Runtime& earlier);

  /// Adds what is running and waiting now to the gauges.
  void add_gauges(Metrics& metrics) const;

  /// Knows every live secret once open() is done; what leaves the host in logs goes through it.
  const Redactor& redactor() const { return redactor_; }
  /// For logs; may stay empty.
  std::function<void(Level level, std::string_view event, const std::string& detail)> on_event;

 private:
  std::unique_ptr<RunningEffect> start(const EffectOrder& order, Settle settle) override;
  void restore(const EffectOrder& order, const JournalEntry& entry) override;
  void record(JournalChanges changes, std::function<void(Result<void>)> done) override;
  void commit(CallId call, OwnerId owner, JournalChanges end,
              std::function<void(Result<void>)> done) override;
  bool defers(CallId call) const override { return deferred_.holds(call); }
  void forget(CallId call) override;
  void reserve(const MoneyOrder& order, std::function<void(const Result<MoneyAnswer>&)> done) override;
  void settle(const std::string& provider, std::int64_t day, std::int64_t change) override;

  std::unique_ptr<RunningEffect> start_http(const EffectOrder& order, const Settle& settle);
  std::unique_ptr<RunningEffect> start_file(const EffectOrder& order, const Settle& settle);
  std::unique_ptr<RunningEffect> start_git(const EffectOrder& order, const Settle& settle);
  std::unique_ptr<RunningEffect> start_store(const EffectOrder& order, const Settle& settle);
  std::unique_ptr<RunningEffect> start_append(const EffectOrder& order, const Settle& settle);
  void store_batch(StoreBatch batch, std::function<void(Result<void>)> done);
  void on_store_failed(const Error& error);
  /// Starts the lane's thread where it does not run yet.
  BlockingLane& lane(std::unique_ptr<BlockingLane>& one);
  std::unique_ptr<RunningEffect> on_lane(BlockingLane& lane, std::function<Result<std::string>()> work,
                                         const Settle& settle);

  Result<CallRequest> prepare(const ToolRequest& asked);
  Result<CallRequest> recorded_call(const RecordedCall& recorded);
  void find_interrupted();
  ResumeStage::Ways ways_of_resuming();
  /// Finds the parked call that `state` names, for the leg that `call` is.
  Result<void> go_on_with_parked(CallRequest& call, std::string_view state);
  void seal_state(CallOutcome& outcome, const JournalHeader& header, std::string_view earlier) const;
  RequestNumber accept_next_leg(CallRequest call, std::string_view state, Done done,
                                CallRunner::OnProgress progress);
  std::string keeping_problem();
  void ensure_pool(PluginEntry& plugin);
  Result<void> check_output(const PluginEntry& plugin, const MethodManifest& method,
                            const std::vector<TurnPart>& parts);
  void count_outcome(const std::string& tool, TimePoint deadline, const CallOutcome& outcome);
  void note_shed(const std::string& tool, const std::string& why);
  std::string tool_label(std::string_view tool);
  void count_worker_end(EndReason reason);
  std::string crash_journal(const Journal* journal, const Error& error) const;
  void report_death(const PluginEntry& plugin, CrashFacts::Moment moment, const Error& error,
                    const MethodManifest* method = nullptr, const Journal* journal = nullptr);
  void remove_expired();
  void on_refused(const std::string& plugin, const std::string& what, const std::string& why,
                  std::uint64_t times = 1);
  void on_loaded(PluginEntry& plugin, const Result<void>& loaded);
  Result<Secret> read_key(const std::string& name, const ProviderSettings& provider);
  void mask_secrets(CallOutcome& outcome);
  void mask_secrets(std::string& text);
  std::string recent_calls_json(OwnerId owner, const nlohmann::json& request) const;
  nlohmann::json running_calls_json() const;
  Result<void> open_store();

  EventLoop& loop_;
  Spawner& spawner_;
  WorkerQuota quota_;  // before the pools that join it
  const Settings settings_;
  const RuntimePlaces places_;
  Metrics own_metrics_;  // where nobody gave others
  Metrics& metrics_;
  SystemRandom random_;
  const CeilingsByProfile ceilings_;
  TimerId expiry_timer_;
  Redactor redactor_;
  RefusalTally refusals_;
  TimePoint shed_told_{};                      // when the log heard of it last
  std::shared_ptr<RecentCalls> recent_calls_;  // shared with the runtimes of earlier configurations
  ProviderService providers_;
  ClientQuestions questions_;
  CallRunner runner_;
  Quarantine quarantine_;
  DeferredChanges deferred_;
  AdmissionStage admission_;
  RepeatStage repeats_;
  ResumeStage resume_;
  HttpClient http_;
  std::unique_ptr<PluginTable> plugins_;
  std::unique_ptr<FileRoots> roots_;
  std::unique_ptr<GitService> git_;  // after the roots
  std::unique_ptr<Store> store_;
  std::string store_problem_;
  std::optional<Errc> store_failure_;  // the last one, told once
  std::vector<std::string> catalog_problems_;
  std::vector<std::string> sharing_problems_;
  std::optional<HostLease> lease_;
  std::unique_ptr<InterruptedCalls> interrupted_;
  std::optional<RequestStateSeal> seal_;  // once a call waits for its client
  JsonReader reader_;
  std::unordered_map<CallId, std::shared_ptr<FileBudget>> budgets_;
  std::vector<WorkerPool*> pools_;  // by pool index; empty in in-process mode
  int isolation_level_ = -1;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // outlived by tasks in the loop
  // Last, so that their threads end before what their tasks use.
  std::unique_ptr<BlockingLane> file_lane_;
  std::unique_ptr<BlockingLane> store_lane_;
};

}  // namespace toolpost
