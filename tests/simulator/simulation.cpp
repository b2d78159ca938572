#include "simulation.hpp"

#include "sim_host.hpp"

namespace toolpost::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kClients = 3;
constexpr std::uint64_t kEventsMax = 2'000'000;  // a run of this length goes in circles
constexpr std::uint32_t kKillsMax = 5;           // of one run, so that calls get done between them

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed)
      : random_(seed),
        faults_(random_),
        settings_(random_settings(random_)),
        ledger_(settings_.resume.in_doubt == "resend"),
        disk_(loop_, random_, faults_, ledger_, [this] { return kill_host(); }),
        upstream_(loop_, random_, faults_),
        world_{loop_, random_, faults_, settings_, upstream_, disk_, ledger_} {
    for (std::size_t i = 0; i < kClients; ++i) {
      clients_.push_back(
          std::make_unique<SimClient>(loop_, random_, faults_, settings_, static_cast<OwnerId>(i + 1)));
    }
    start_host();
  }

  Report run() {
    live_through_faults();
    if (report_.problem.empty()) prove_full_capacity();
    if (report_.problem.empty()) end_quietly();
    report_.asked = upstream_.asked();
    report_.hosts = hosts_;
    report_.doubts = ledger_.doubts();
    report_.ended_in_doubt = ledger_.ended_in_doubt();
    report_.faults = faults_.counts();
    for (const auto& client : clients_) {
      report_.tally.calls += client->tally().calls;
      report_.tally.answered_well += client->tally().answered_well;
      report_.tally.answered_with_error += client->tally().answered_with_error;
      report_.tally.cancelled += client->tally().cancelled;
      report_.tally.asked_again += client->tally().asked_again;
    }
    return report_;
  }

 private:
  void start_host() {
    host_loop_ = std::make_unique<HostLoop>(loop_);
    host_ = std::make_unique<SimHost>(world_, *host_loop_, "host" + std::to_string(++hosts_));
    host_->resume(kClients);
    for (const auto& client : clients_) client->connect(*host_, *host_loop_);
  }

  /// At once, as SIGKILL does; the next one comes a little later.
  bool kill_host() {
    if (!host_ || hosts_ > kKillsMax) return false;
    end_host();
    loop_.after(Millis(random_.below(3000)), [this] { start_host(); });
    return true;
  }
  void end_host() {
    kill_after_ = 0;
    journals_left_ = true;
    disk_.lose_host();
    ledger_.host_died(disk_.all());
    for (const auto& client : clients_) client->lose_host();
    host_.reset();
    if (host_loop_->timers() != 0)
      fail("a dead host left " + std::to_string(host_loop_->timers()) + " timers");
    host_loop_.reset();
  }

  void live_through_faults() {
    const std::size_t acts = 4 + random_.below(24);
    const std::uint64_t pause_ms = 1 + random_.below(4000);
    for (std::size_t i = 0; i < acts && report_.problem.empty(); ++i) {
      clients_[random_.below(kClients)]->act();
      disturb();
      run_for(Millis(random_.below(pause_ms)));
    }
    // Every ceiling has passed by then, so everything is answered, unless a host was killed meanwhile.
    std::uint64_t hosts = 0;
    do {
      hosts = hosts_;
      run_for(settings_.ceilings_long.daemon + 10s);
    } while (report_.problem.empty() && (hosts != hosts_ || !host_));
    for (const auto& client : clients_) {
      if (!client->gone() && client->open_calls() != 0)
        fail("a call was never answered: " + std::to_string(client->open_calls()) + " are open");
      if (client->gone() && !client->ended()) fail("a session never ended");
    }
  }

  void disturb() {
    if (faults_.strikes(Fault::wall_clock_jumps_back)) set_wall_back(3'600'000);
    if (faults_.strikes(Fault::wall_clock_jumps_ahead)) set_wall_back(-86'400'000);
    if (!host_) return;
    if (faults_.strikes(Fault::host_killed)) kill_after_ = 1 + random_.below(100);
    if (faults_.strikes(Fault::all_workers_die)) host_->lose_spawner();
    if (faults_.strikes(Fault::host_stands_still)) {
      const Duration length = Millis(random_.below(20'000));
      loop_.stall(length);
      host_->note_stall();
      for (const auto& client : clients_) client->note_stall(length);
    }
  }
  void set_wall_back(std::int64_t ms) {
    loop_.set_wall_back(ms);
    ledger_.wall_clock_jumped();
  }

  /// No fault any more: breakers close, gates open, crash loops end, and as many calls as may run at once do.
  void prove_full_capacity() {
    faults_.heal();
    kill_after_ = 0;
    run_for(2h);
    SimClient client(loop_, random_, faults_, settings_, kClients + 1);
    client.connect(*host_, *host_loop_);
    for (int round = 0; round < 4; ++round) {  // a half-open breaker wants one probe for each model first
      client.call_plainly(SimClient::Plain::sleeps, 0);
      run_for(70s, &client);
    }
    const AdmissionSettings& limits = settings_.admission;
    const std::uint32_t at_once =
        std::min({limits.calls_max, limits.owner_calls_max, limits.plugin_calls_max});
    for (std::uint32_t i = 0; i < at_once; ++i) client.call_plainly(SimClient::Plain::sleeps, 1);
    run_for(1s, &client);
    if (client.open_calls() != 0) fail("after the faults, calls still take long");
    client.call_plainly(SimClient::Plain::asks, 2);
    run_for(70s, &client);
    if (client.open_calls() != 0) fail("after the faults, a model is not asked");
    // Turns that take long make every plugin want more workers than there are for all of them.
    host_->slow_down(150ms);
    for (std::uint32_t i = 0; i < at_once; ++i) client.call_plainly(SimClient::Plain::sleeps, i % kTools);
    run_for(40s, &client);
    host_->slow_down({});
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
    if (auto left = host_->leftover(); !left.empty()) fail("in the end: " + left);
    check_journals();
    resume_the_rest();
  }

  /// Before any host was killed, what is on disk is ended, or left there on purpose.
  void check_journals() {
    const bool lost = faults_.counts()[static_cast<std::size_t>(Fault::commit_never_ends)] > 0;
    if (lost || journals_left_ || host_->journals_left()) return;
    for (const auto& [id, journal] : disk_.all()) {
      if (journal.outcome.empty()) return fail("in the end: journal " + id + " is there, and nobody runs it");
    }
  }
  /// The last host ends every durable call that others left.
  void resume_the_rest() {
    end_host();
    start_host();
    run_for(settings_.ceilings_long.daemon + 10s);
    ledger_.world_ends(disk_.all());
    if (!ledger_.problem().empty()) fail("in the end: " + ledger_.problem());
    for (const auto& client : clients_) client->vanish();
    end_host();
    if (loop_.timers() != 0) fail(std::to_string(loop_.timers()) + " timers are still armed in the end");
  }

  void run_for(Duration length, SimClient* more = nullptr) {
    const TimePoint until = loop_.now() + length;
    while (report_.problem.empty() && loop_.step(until)) {
      ++report_.events;
      if (report_.events > kEventsMax) return fail("the run goes in circles");
      if (kill_after_ != 0 && --kill_after_ == 0) kill_host();
      if (host_) {
        if (auto problem = host_->problem(); !problem.empty()) return fail(problem);
      }
      if (!ledger_.problem().empty()) return fail(ledger_.problem());
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
  const Settings settings_;
  SimLedger ledger_;
  SimDisk disk_;
  SimUpstream upstream_;
  const SimWorld world_;
  std::unique_ptr<HostLoop> host_loop_;  // outlives its host
  std::unique_ptr<SimHost> host_;        // null between a death and the next start
  std::vector<std::unique_ptr<SimClient>> clients_;
  std::uint64_t hosts_ = 0;
  std::uint64_t kill_after_ = 0;  // events; 0: never
  bool journals_left_ = false;
  Report report_;
};

}  // namespace

Report simulate(std::uint64_t seed) {
  return Simulation(seed).run();
}

}  // namespace toolpost::sim
