#pragma once
// The workers of one plugin as processes and sockets: carries out what PoolCore decides.
// Threads: the loop's.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/event_loop.hpp"
#include "worker/frame.hpp"
#include "worker/last_lines.hpp"
#include "worker/spawner.hpp"
#include "worker/status_page.hpp"
#include "worker/turn_pool.hpp"

namespace toolpost {

class WorkerPool final : public TurnPool, private QuotaMember {
 public:
  struct Events {
    TurnDone turn_done;
    std::function<void(Result<void>)> loaded;            // a worker said READY, or could not
    std::function<void(const std::string& line)> stdio;  // what the plugin printed
    std::function<void(EndReason)> ended;                // each worker once, however it ended
    /// A worker ended by its own fault, and no call hears of it.
    std::function<void(const Error&)> died_unheard;
    std::function<void(int level)> sandboxed;
    /// What its plugin reached for and was refused in the worker, as that says.
    std::function<void(RefusedPower, std::uint64_t times)> refused;
    /// After each frame in either direction; true ends the worker there. Only tests set it.
    std::function<bool(FrameType)> kill_after_frame;
  };

  /// `index` tells this pool's workers apart from those of others at the spawner. All references outlive the
  /// pool.
  WorkerPool(EventLoop& loop, Spawner& spawner, std::uint32_t index, PoolPlugin plugin,
             const WorkerSettings& workers, const IsolationSettings& isolation, WorkerQuota& quota,
             Events events);
  ~WorkerPool() override;

  void submit(TurnId turn, OwnerId owner, std::string input) override;
  void withdraw(TurnId turn) override;
  void warm() override;
  void flush() override;
  std::size_t workers() const override { return core_.workers(); }
  std::vector<std::string> last_lines() const override;

  // From the spawner, for this pool's workers.
  void on_not_ready(WorkerId worker);
  void on_spawn_failed(WorkerId worker, const std::string& why);
  void on_died(WorkerId worker, int wait_status);
  void on_lost(WorkerId worker);

 private:
  struct Link {
    UniqueFd socket;
    UniqueFd stdio;
    StatusMapping page;
    FrameReader reader;
    FrameWriter writer;
    std::unique_ptr<EventLoop::Watch> watch;
    std::unique_ptr<EventLoop::Watch> stdio_watch;
    std::uint64_t stdio_bytes = 0;
    LastLines lines;
    std::array<std::uint64_t, kRefusedPowers> refusals{};  // that were told
    std::uint64_t sent = 0;                                // the last turn's number
    std::uint64_t answered = 0;  // the same of the last answer, if the worker tells the truth
    std::uint64_t peak = 0;      // bytes, the last that the core was told
    bool ready = false;
    bool refused = false;  // told why it cannot run, and killed for it: its death is no news
    explicit Link(std::uint64_t payload_max) : reader(payload_max) {}
  };

  bool starved() const override { return core_.starved(); }
  bool give_up_worker(GiveUp how) override;
  void try_again() override;
  void carry_out();
  void spawn(WorkerId worker);
  void send(const SendTurn& order);
  void on_readable(WorkerId worker);
  ReadState read_packet(WorkerId worker, Link& link);
  void read_the_rest(WorkerId worker, Link& link);
  void on_frame(WorkerId worker, Link& link, const Frame& frame);
  void on_stdio(WorkerId worker);
  void look_at_refusals(Link& link);
  void arm();
  void probe(WorkerId worker, FrameType type);
  std::uint64_t global_id(WorkerId worker) const { return (std::uint64_t{index_} << 32) | worker; }

  EventLoop& loop_;
  Spawner& spawner_;
  const std::uint32_t index_;
  const PoolPlugin plugin_;
  const WorkerSettings& settings_;
  const IsolationSettings& isolation_;
  WorkerQuota& quota_;
  Events events_;
  PoolCore core_;
  std::map<WorkerId, std::unique_ptr<Link>> links_;
  std::unordered_map<TurnId, std::string> inputs_;  // of turns that are not done, for a second sending
  std::unordered_set<WorkerId> dirty_;              // links with unsent frames
  TimerId timer_;
  bool carrying_out_ = false;
  WorkerId told_of_ = 0;  // whose end or turn an event tells, or told last
};

}  // namespace toolpost
