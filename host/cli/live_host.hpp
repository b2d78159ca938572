#pragma once
// A host that can take a new configuration while it runs. Each configuration gets a runtime of its own, with
// its own workers and keys; calls that run when a new one takes over finish on the old one, which then goes.
// docs/decisions/0013 says why. Threads: the loop's.

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "base/blocking_lane.hpp"
#include "cli/host_setup.hpp"

namespace toolpost {

class LiveHost final : public ToolHost {
 public:
  /// Configurations that calls may still be finishing on, besides the one in force. A reload beyond is
  /// refused.
  static constexpr std::size_t kOldMax = 4;

  /// Takes over the parts of `host` and borrows its loop and metrics.
  LiveHost(Host& host, HostOptions options);
  ~LiveHost() override;

  RequestNumber call_tool(const ToolRequest& request, Done done, CallRunner::OnProgress progress) override;
  void cancel(RequestNumber number) override;
  void leave(RequestNumber number) override;
  std::string describe(RequestNumber number) const override;
  CallOutcome so_far(RequestNumber number) const override;
  std::string why_no_tool(std::string_view name) override { return runtime().why_no_tool(name); }
  const Settings& settings() const override { return runtime().settings(); }
  void count_refused_line() override { runtime().count_refused_line(); }

  Runtime& runtime() const { return *current_->parts.runtime; }
  /// Reads configuration and keys again, in the background where that takes time. All or nothing: what is
  /// wrong is logged and changes nothing. While one is under way, another follows it.
  void reload();
  /// After a reload took effect; the tools may be others now.
  std::function<void()> on_reloaded;
  /// What `toolpost status` shows: one JSON object, no secrets.
  std::string document();

 private:
  struct Generation {
    std::uint64_t number = 0;
    HostParts parts;
  };
  using Keys = std::map<std::string, Result<Secret>>;

  void take_over(Settings settings, const std::shared_ptr<Keys>& keys);
  void refuse(const std::string& why);
  void end_reload();
  void drop_finished();
  Generation* generation_of(RequestNumber number) const;
  void event(Level level, std::string_view name, const std::string& detail);

  EventLoop& loop_;
  Metrics& metrics_;
  const HostOptions options_;
  const std::int64_t started_ms_;
  std::uint64_t last_number_ = 0;
  std::unique_ptr<Generation> current_;
  std::list<std::unique_ptr<Generation>> old_;
  bool reloading_ = false;
  bool once_more_ = false;
  std::string last_refusal_;  // of a reload; empty after one that took effect
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<BlockingLane> lane_;  // last: its thread ends first
};

}  // namespace toolpost
