#pragma once
// The host of a simulated run: the production admission stage, call runner, provider service and policies
// over simulated workers, model servers and disk. Joins them as Runtime does.

#include <memory>
#include <optional>
#include <vector>

#include "cli/mcp_session.hpp"
#include "fault.hpp"
#include "runtime/provider_service.hpp"
#include "runtime/tool_host.hpp"
#include "sim_disk.hpp"
#include "sim_pool.hpp"
#include "sim_upstream.hpp"
#include "virtual_loop.hpp"

namespace toolpost::sim {

constexpr std::size_t kTools = 3;
constexpr std::size_t kProviders = 2;

/// Limits that differ from run to run, tight ones more often than not.
Settings random_settings(RandomSource& random);

class SimHost final : public ToolHost, private EffectHost {
 public:
  SimHost(VirtualLoop& loop, RandomSource& random, FaultPlan& faults, Settings settings);
  ~SimHost() override;

  RequestNumber call_tool(const ToolRequest& request, Done done, CallRunner::OnProgress progress) override;
  void cancel(RequestNumber number) override { admission_.cancel(number); }
  void leave(RequestNumber number) override {
    journals_left_ = true;
    admission_.leave(number);
  }
  std::string describe(RequestNumber number) const override { return admission_.describe(number); }
  CallOutcome so_far(RequestNumber number) const override { return admission_.so_far(number); }
  bool has_tool(std::string_view name) override { return find_tool(name) != nullptr; }
  const Settings& settings() const override { return settings_; }

  void lose_spawner();
  /// Turns of all plugins compute at least so long from now on.
  void slow_down(Duration turn_min);
  /// What does not hold right now; empty when all is well. Called after every event.
  std::string problem() const;
  /// What is left although nothing is asked any more; empty when nothing is.
  std::string leftover() const;
  std::uint64_t asked() const { return upstream_.asked(); }
  /// The host stood still until now: what was due meanwhile may be late, within this very moment.
  void note_stall() { stalled_until_ = loop_.now(); }

 private:
  std::unique_ptr<RunningEffect> start(const EffectOrder& order, Settle settle) override;
  void restore(const EffectOrder&, const JournalEntry&) override {}
  void record(JournalChanges changes, std::function<void(Result<void>)> done) override;
  void commit(CallId call, OwnerId owner, JournalChanges end,
              std::function<void(Result<void>)> done) override;
  void forget(CallId call) override { puts_.erase(call); }
  PluginEntry* find_tool(std::string_view name);
  void prepare(PluginEntry& plugin);

  VirtualLoop& loop_;
  RandomSource& random_;
  FaultPlan& faults_;
  const Settings settings_;
  SimDisk disk_;
  bool journals_left_ = false;  // on purpose, or because the disk refused to forget them
  WorkerQuota quota_;           // before the pools that join it
  SimUpstream upstream_;
  const CeilingsByProfile ceilings_;
  ProviderService providers_;
  CallRunner runner_;
  AdmissionStage admission_;
  std::vector<std::unique_ptr<PluginEntry>> tools_;
  std::vector<std::unique_ptr<SimPlugin>> code_;  // of every pool, in the order they were made
  std::vector<SimPool*> pools_;
  std::set<CallId> puts_;
  TimePoint stalled_until_{};
  Duration turn_min_{};
};

}  // namespace toolpost::sim
