#pragma once
// One host of a simulated world: the production stages of admission and resuming, call runner, provider
// service and policies over simulated workers, model servers and disk. Joins them as Runtime does. May be
// destroyed at any moment, as if it were killed: it writes nothing then.

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "cli/mcp_session.hpp"
#include "fault.hpp"
#include "runtime/deferred_changes.hpp"
#include "runtime/resume_stage.hpp"
#include "runtime/tool_host.hpp"
#include "sim_disk.hpp"
#include "sim_ledger.hpp"
#include "sim_limits.hpp"
#include "sim_loop.hpp"
#include "sim_pool.hpp"
#include "sim_upstream.hpp"
#include "virtual_loop.hpp"

namespace toolpost::sim {

constexpr std::size_t kTools = 3;
constexpr std::size_t kProviders = 2;

/// Limits that differ from run to run, tight ones more often than not.
Settings random_settings(RandomSource& random);

/// What outlives a host.
struct SimWorld {
  VirtualLoop& loop;
  RandomSource& random;
  FaultPlan& faults;
  const Settings& settings;
  SimUpstream& upstream;
  SimDisk& disk;
  SimLedger& ledger;
};

class SimHost final : public ToolHost, private EffectHost {
 public:
  /// `lease` is its own.
  SimHost(const SimWorld& world, HostLoop& loop, std::string lease);
  ~SimHost() override;

  /// Finds what dead hosts left to owners 1..`owners`, and goes on with their durable calls.
  void resume(OwnerId owners);

  RequestNumber call_tool(const ToolRequest& request, Done done, CallRunner::OnProgress progress) override;
  void cancel(RequestNumber number) override;
  void leave(RequestNumber number) override {
    journals_left_ = true;
    repeats_.leave(number);
  }
  std::string describe(RequestNumber number) const override { return repeats_.describe(number); }
  CallOutcome so_far(RequestNumber number) const override { return repeats_.so_far(number); }
  std::string why_no_tool(std::string_view name) override { return find_tool(name) ? "" : "there is none"; }
  const Settings& settings() const override { return world_.settings; }

  void lose_spawner();
  /// Turns of all plugins compute at least so long from now on.
  void slow_down(Duration turn_min);
  /// What does not hold right now; empty when all is well. Called after every event.
  std::string problem();
  /// What is left although nothing is asked any more; empty when nothing is.
  std::string leftover() const;
  /// Journals may be left that nobody runs: on purpose, or because the disk refused to forget them.
  bool journals_left() const { return journals_left_; }
  /// The host stood still until now: what was due meanwhile may be late, within this very moment.
  void note_stall() { stalled_until_ = loop_.now(); }

 private:
  /// One owner's part of resuming: in production each owner has hosts of their own.
  struct Owner {
    InterruptedCalls interrupted;
    ResumeStage stage;
    Owner(SimHost& host, const std::string& name);
  };
  ResumeStage& stage_of(OwnerId owner);
  ResumeStage::Ways ways();
  Result<CallRequest> recorded_call(const RecordedCall& recorded);
  void write(SimDisk::Kind kind, StoreBatch batch, std::function<void(Result<void>)> done);
  std::unique_ptr<RunningEffect> start(const EffectOrder& order, Settle settle) override;
  std::unique_ptr<RunningEffect> start_append(const EffectOrder& order, Settle settle);
  std::unique_ptr<RunningEffect> start_http(const EffectOrder& order, Settle settle);
  void restore(const EffectOrder& order, const JournalEntry& entry) override;
  void record(JournalChanges changes, std::function<void(Result<void>)> done) override;
  void commit(CallId call, OwnerId owner, JournalChanges end,
              std::function<void(Result<void>)> done) override;
  bool defers(CallId call) const override { return deferred_.holds(call); }
  void forget(CallId call) override { deferred_.forget(call); }
  std::string call_problem();
  PluginEntry* find_tool(std::string_view name);
  void prepare(PluginEntry& plugin);

  const SimWorld world_;
  HostLoop& loop_;
  const std::string lease_;
  bool journals_left_ = false;
  WorkerQuota quota_;  // before the pools that join it
  const CeilingsByProfile ceilings_;
  ProviderService providers_;
  CallRunner runner_;
  DeferredChanges deferred_;
  AdmissionStage admission_;
  RepeatStage repeats_;
  std::map<OwnerId, Owner> owners_;
  std::map<RequestNumber, std::string> durable_;  // what the clients of durable calls wanted
  std::vector<std::unique_ptr<PluginEntry>> tools_;
  std::vector<std::unique_ptr<SimPlugin>> code_;  // of every pool, in the order they were made
  std::vector<SimPool*> pools_;
  AttemptCounts attempts_;
  TimePoint stalled_until_{};
  Duration turn_min_{};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // outlived by what is on its way to the disk
};

}  // namespace toolpost::sim
