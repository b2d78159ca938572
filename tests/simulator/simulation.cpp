#include "simulation.hpp"

#include "sim_host.hpp"

namespace toolpost::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kClients = 3;
constexpr std::uint64_t kEventsMax = 2'000'000;  // a run of this length goes in circles

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed)
      : random_(seed), faults_(random_), host_(loop_, random_, faults_, random_settings(random_)) {
    for (std::size_t i = 0; i < kClients; ++i) {
      clients_.push_back(
          std::make_unique<SimClient>(loop_, random_, faults_, host_, static_cast<OwnerId>(i + 1)));
    }
  }

  Report run() {
    live_through_faults();
    if (report_.problem.empty()) prove_full_capacity();
    if (report_.problem.empty()) end_quietly();
    report_.asked = host_.asked();
    report_.faults = faults_.counts();
    for (const auto& client : clients_) {
      report_.tally.calls += client->tally().calls;
      report_.tally.answered_well += client->tally().answered_well;
      report_.tally.answered_with_error += client->tally().answered_with_error;
      report_.tally.cancelled += client->tally().cancelled;
    }
    return report_;
  }

 private:
  void live_through_faults() {
    const std::size_t acts = 4 + random_.below(24);
    const std::uint64_t pause_ms = 1 + random_.below(4000);
    for (std::size_t i = 0; i < acts && report_.problem.empty(); ++i) {
      clients_[random_.below(kClients)]->act();
      disturb();
      run_for(Millis(random_.below(pause_ms)));
    }
    // Every ceiling has passed by then, so everything is answered.
    run_for(70s);
    for (const auto& client : clients_) {
      if (!client->gone() && client->open_calls() != 0)
        fail("a call was never answered: " + std::to_string(client->open_calls()) + " are open");
      if (client->gone() && !client->ended()) fail("a session never ended");
    }
  }

  void disturb() {
    if (faults_.strikes(Fault::wall_clock_jumps_back)) loop_.set_wall_back(3'600'000);
    if (faults_.strikes(Fault::wall_clock_jumps_ahead)) loop_.set_wall_back(-86'400'000);
    if (faults_.strikes(Fault::all_workers_die)) host_.lose_spawner();
    if (faults_.strikes(Fault::host_stands_still)) {
      const Duration length = Millis(random_.below(20'000));
      loop_.stall(length);
      host_.note_stall();
      for (const auto& client : clients_) client->note_stall(length);
    }
  }

  /// No fault any more: breakers close, gates open, crash loops end, and as many calls as may run at once do.
  void prove_full_capacity() {
    faults_.heal();
    run_for(2h);
    SimClient client(loop_, random_, faults_, host_, kClients + 1);
    for (int round = 0; round < 4; ++round) {  // a half-open breaker wants one probe for each model first
      client.call_plainly(SimClient::Plain::sleeps, 0);
      run_for(70s, &client);
    }
    const AdmissionSettings& limits = host_.settings().admission;
    const std::uint32_t at_once =
        std::min({limits.calls_max, limits.owner_calls_max, limits.plugin_calls_max});
    for (std::uint32_t i = 0; i < at_once; ++i) client.call_plainly(SimClient::Plain::sleeps, 1);
    run_for(1s, &client);
    if (client.open_calls() != 0) fail("after the faults, calls still take long");
    client.call_plainly(SimClient::Plain::asks, 2);
    run_for(70s, &client);
    if (client.open_calls() != 0) fail("after the faults, a model is not asked");
    // Turns that take long make every plugin want more workers than there are for all of them.
    host_.slow_down(150ms);
    for (std::uint32_t i = 0; i < at_once; ++i) client.call_plainly(SimClient::Plain::sleeps, i % kTools);
    run_for(40s, &client);
    host_.slow_down({});
    if (client.open_calls() != 0) fail("after the faults, busy plugins keep workers from each other");
    if (!client.problem().empty()) fail("after the faults: " + client.problem());
    client.vanish();
    run_for(3s, &client);
    report_.tally.calls += client.tally().calls;
    report_.tally.answered_well += client.tally().answered_well;
  }

  void end_quietly() {
    for (const auto& client : clients_) {
      if (!client->gone()) client->vanish();
    }
    run_for(1h);
    if (auto left = host_.leftover(); !left.empty()) fail("in the end: " + left);
  }

  void run_for(Duration length, SimClient* more = nullptr) {
    const TimePoint until = loop_.now() + length;
    while (report_.problem.empty() && loop_.step(until)) {
      ++report_.events;
      if (report_.events > kEventsMax) return fail("the run goes in circles");
      if (auto problem = host_.problem(); !problem.empty()) return fail(problem);
      for (const auto& client : clients_) check(*client);
      if (more != nullptr) check(*more);
    }
  }
  void check(SimClient& client) {
    client.read();
    if (!client.problem().empty()) fail(client.problem());
  }
  void fail(const std::string& problem) {
    if (report_.problem.empty()) report_.problem = "event " + std::to_string(report_.events) + ": " + problem;
  }

  SeededRandom random_;
  FaultPlan faults_;
  VirtualLoop loop_;
  SimHost host_;
  std::vector<std::unique_ptr<SimClient>> clients_;
  Report report_;
};

}  // namespace

Report simulate(std::uint64_t seed) {
  return Simulation(seed).run();
}

}  // namespace toolpost::sim
