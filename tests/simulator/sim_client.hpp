#pragma once
// One MCP client of a simulated run: sends calls and nonsense, reads every answer, and checks that each call
// is answered once, in time, and with its own answer. When the host dies it may ask the next one for the
// same.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/mcp_session.hpp"
#include "fault.hpp"
#include "virtual_loop.hpp"

namespace toolpost::sim {

struct ClientTally {
  std::uint64_t calls = 0;
  std::uint64_t answered_well = 0;
  std::uint64_t answered_with_error = 0;
  std::uint64_t cancelled = 0;
  std::uint64_t asked_again = 0;  // after a host died
};

class SimClient {
 public:
  SimClient(VirtualLoop& loop, RandomSource& random, FaultPlan& faults, const Settings& settings,
            OwnerId owner);

  /// Begins a session with a host, which outlives it, and asks for what the last one did not answer.
  void connect(ToolHost& host, Scheduler& host_loop);
  /// The host died: what it had not answered it never will.
  void lose_host();

  /// Sends what comes next: mostly a call.
  void act();
  /// Sends a call that nothing is wrong with; `asks` a model or only sleeps.
  enum class Plain { asks, sleeps };
  void call_plainly(Plain what, std::size_t tool);
  /// The client is gone; its session answers what it can and ends.
  void vanish();
  /// Reads what the session wrote since the last time.
  void read();

  bool gone() const { return gone_; }
  bool ended() const { return ended_; }
  std::size_t open_calls() const { return open_.size(); }
  const ClientTally& tally() const { return tally_; }
  /// Time in which the whole host stood still counts for nobody's deadline.
  void note_stall(Duration length) { stalled_ += length; }
  /// The first thing that was wrong; empty so far.
  const std::string& problem() const { return problem_; }

 private:
  struct Open {
    std::uint64_t nonce = 0;
    TimePoint sent{};
    Duration stalled_before{};
    bool plain = false;
    bool durable = false;
    std::string tool{};
    std::string arguments{};
  };
  void send(const std::string& line);
  void send_call(std::uint64_t id, const std::string& tool, const std::string& arguments, std::uint64_t nonce,
                 bool durable = false);
  void cancel(std::uint64_t id);
  void misbehave();
  void on_answer(std::uint64_t id, const std::string& line);

  VirtualLoop& loop_;
  RandomSource& random_;
  FaultPlan& faults_;
  const Settings& settings_;
  const OwnerId owner_;
  std::string out_;
  std::optional<McpSession> session_;
  std::vector<Open> unanswered_;  // by the last host
  std::map<std::uint64_t, Open> open_;
  ClientTally tally_;
  std::string problem_;
  Duration stalled_{};
  std::uint64_t last_id_ = 0;
  bool gone_ = false;
  bool ended_ = false;
};

}  // namespace toolpost::sim
