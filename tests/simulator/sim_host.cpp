#include "sim_host.hpp"

#include <nlohmann/json.hpp>

namespace toolpost::sim {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

FoundPlugin found(const std::string& id, PluginKind kind, const std::string& method) {
  FoundPlugin plugin;
  plugin.manifest.id = id;
  plugin.manifest.kind = kind;
  MethodManifest one;
  one.name = method;
  one.description = "simulated";
  one.input_schema = R"({"type":"object"})";
  plugin.manifest.methods.push_back(std::move(one));
  plugin.sha256 = id;
  return plugin;
}

Error check_failed(const std::string& why) {
  return {Errc::output_invalid, why, Millis{0}, SideEffect::maybe};
}

}  // namespace

Settings random_settings(RandomSource& random) {
  const auto from = [&random](std::uint64_t least, std::uint64_t most) {
    return static_cast<std::uint32_t>(least + random.below(most - least + 1));
  };
  Settings settings;
  settings.admission.calls_max = from(1, 24);
  settings.admission.owner_calls_max = from(1, 12);
  settings.admission.plugin_calls_max = from(1, 16);
  settings.admission.queue_size_max = from(0, 32);
  settings.workers.workers_max = from(1, 4);
  settings.workers.total_max = from(1, 16);
  settings.workers.queue_ahead_max = from(1, 32);
  settings.workers.turns_max = random.below(2) == 0 ? 100'000 : from(1, 20);
  settings.workers.age_max = Millis(from(1, 600) * 1000);
  if (random.below(8) == 0) settings.workers.reuse = "call";
  settings.turns.effects_max = from(4, 256);
  settings.turns.turns_max = from(8, 256);
  settings.turns.journal_bytes_max = random.below(4) == 0 ? 256 << 10 : 64 << 20;
  settings.turns.provider_calls_max = from(1, 8);
  settings.retry.attempts_max = from(1, 6);
  settings.models.fallbacks_max = from(0, 2);
  settings.ceilings_long = {Millis{40'000}, Millis{70'000}, Millis{80'000}, Millis{90'000}, Millis{60'000}};
  if (random.below(2) == 0) settings.resume.in_doubt = "resend";
  settings.breaker.enabled = random.below(4) != 0;
  for (std::size_t i = 0; i < kProviders; ++i) {
    ProviderSettings provider;
    provider.base_url = "http://127.0.0.1:1/v" + std::to_string(i);
    provider.models = {"m" + std::to_string(i), "n" + std::to_string(i)};
    provider.concurrency_max = from(1, 8);
    settings.providers["p" + std::to_string(i)] = provider;
  }
  return settings;
}

SimHost::SimHost(const SimWorld& world, HostLoop& loop, std::string lease)
    : world_(world),
      loop_(loop),
      lease_(std::move(lease)),
      quota_(loop),
      ceilings_(CeilingsByProfile::make(world.settings)),
      providers_(loop, world.random, world.settings, ceilings_),
      runner_(
          loop, world.random, world.settings, *this,
          {{},
           [this](PluginEntry& plugin) { prepare(plugin); },
           [](const PluginEntry&, const MethodManifest&, const std::vector<TurnPart>& parts) -> Result<void> {
             if (parts.empty()) return check_failed("it answered nothing");
             if (parts.front().bytes.starts_with(R"({"wrong")")) return check_failed("breaks its schema");
             return {};
           }}),
      deferred_(loop, runner_, world.settings.store),
      admission_(loop, runner_, world.settings.admission),
      repeats_(admission_) {
  providers_.attach(runner_);
  for (std::size_t i = 0; i < kTools; ++i) {
    auto entry = std::make_unique<PluginEntry>();
    entry->index = static_cast<std::uint32_t>(i);
    entry->found = found("sim.tool" + std::to_string(i), PluginKind::tool, "tool" + std::to_string(i));
    MethodEntry method;
    method.manifest = &entry->found.manifest.methods.front();
    entry->methods.push_back(std::move(method));
    entry->granted = {"provider"};
    tools_.push_back(std::move(entry));
  }
  const FoundPlugin provider = found("sim.provider", PluginKind::provider, "chat");
  for (const auto& [name, one] : world.settings.providers)
    providers_.add(name, one, &provider, Secret("none", ""));
}

SimHost::~SimHost() {
  admission_.leave_all();
}

SimHost::Owner::Owner(SimHost& host, const std::string& name)
    : interrupted(
          host.world_.disk, host.lease_,
          [lease = host.lease_](const std::string& other) { return other == lease; },
          [] { return std::set<std::string>(); },  // one host at a time: it looks when it starts
          host.world_.settings.resume),
      stage(host.loop_, host.world_.random, host.ceilings_, host.repeats_, host.providers_, host.ways()) {
  if (interrupted.find(name, host.loop_.wall_ms())) stage.use(interrupted);
}

ResumeStage& SimHost::stage_of(OwnerId owner) {
  const auto found = owners_.find(owner);
  if (found != owners_.end()) return found->second.stage;
  return owners_.try_emplace(owner, *this, owner_name(owner)).first->second.stage;
}

ResumeStage::Ways SimHost::ways() {
  return {[this](JournalChanges changes, std::function<void(Result<void>)> done) {
            record(std::move(changes), std::move(done));
          },
          [this](const RecordedCall& recorded) { return recorded_call(recorded); }, [](CallOutcome&) {},
          [](const Error&) {}, [](const CallRequest&) {}};
}

Result<CallRequest> SimHost::recorded_call(const RecordedCall& recorded) {
  PluginEntry* plugin = find_tool(recorded.header.method);
  if (plugin == nullptr) return Error{Errc::not_found, "no such tool"};
  CallRequest call;
  call.plugin = plugin;
  call.method = plugin->methods.front().manifest;
  call.accepted = loop_.now();
  call.pinned = recorded.header;
  call.entries = recorded.entries;
  return call;
}

void SimHost::resume(OwnerId owners) {
  for (OwnerId owner = 1; owner <= owners; ++owner) stage_of(owner).resume_durable(owner, {});
}

void SimHost::prepare(PluginEntry& plugin) {
  if (plugin.pool) return;
  code_.push_back(plugin.found.manifest.kind == PluginKind::tool ? make_tool_plugin(plugin.id())
                                                                 : make_provider_plugin(plugin.id()));
  auto pool = std::make_unique<SimPool>(
      world_.loop, world_.random, world_.faults, *code_.back(), settings().workers, settings().turns, quota_,
      [this](TurnId turn, Result<TurnOutput> output) { runner_.on_turn_done(turn, std::move(output)); });
  pool->slow_down(turn_min_);
  pools_.push_back(pool.get());
  plugin.pool = std::move(pool);
}

PluginEntry* SimHost::find_tool(std::string_view name) {
  for (const auto& tool : tools_) {
    if (tool->found.manifest.methods.front().name == name) return tool.get();
  }
  return nullptr;
}

RequestNumber SimHost::call_tool(const ToolRequest& asked, Done done, CallRunner::OnProgress progress) {
  PluginEntry* plugin = find_tool(asked.tool);
  const std::string arguments(asked.arguments_json);
  if (plugin == nullptr) return admission_.refuse({Errc::not_found, "no such tool"}, std::move(done));
  if (!json::parse(arguments).contains("nonce"))
    return admission_.refuse({Errc::invalid_input, "arguments: nonce is missing"}, std::move(done));
  const TimePoint now = loop_.now();
  CallRequest call;
  call.durable = asked.durable;
  call.profile = asked.durable ? CeilingProfile::patient : asked.profile;
  const CeilingsCore& ceilings = ceilings_.of(call.profile);
  call.bound = ceilings.tool(ceilings.request(now, asked.wall), now, now, nullptr);
  call.plugin = plugin;
  call.method = plugin->methods.front().manifest;
  call.owner = asked.owner;
  call.request = arguments;
  call.accepted = now;
  call.wall = asked.wall;
  const std::string key = shared_key(call, settings().admission);
  if (!asked.durable)
    return stage_of(asked.owner).accept(key, std::move(call), std::move(done), std::move(progress));
  const std::string wanted = wanted_by(call);
  const RequestNumber number = stage_of(asked.owner)
                                   .accept(
                                       key, std::move(call),
                                       [this, wanted, done](CallOutcome outcome, const Journal* journal) {
                                         if (journal == nullptr) world_.ledger.may_drop(wanted);
                                         done(std::move(outcome), journal);
                                       },
                                       std::move(progress));
  durable_[number] = wanted;
  return number;
}

void SimHost::cancel(RequestNumber number) {
  if (const auto found = durable_.find(number); found != durable_.end())
    world_.ledger.may_drop(found->second);
  repeats_.cancel(number);
}

std::unique_ptr<RunningEffect> SimHost::start(const EffectOrder& order, Settle settle) {
  if (order.kind == "provider" && providers_.by_plugin(order.plugin) == nullptr)
    return providers_.start(order, std::move(settle));
  if (order.kind == "http") return start_http(order, std::move(settle));
  if (order.kind == "file.read") return world_.upstream.file(std::move(settle));
  if (order.kind == "thread.append") return start_append(order, std::move(settle));
  if (order.kind == "store.put") {
    const Result<void> deferred = deferred_.put(order);
    settle(deferred ? Errc::ok : deferred.error().code, deferred ? "{}" : deferred.error().message);
    return nullptr;
  }
  settle(Errc::unsupported, "this host knows no such effect");
  return nullptr;
}

std::unique_ptr<RunningEffect> SimHost::start_http(const EffectOrder& order, Settle settle) {
  const std::string journal(order.journal);
  const std::string request(order.request);
  world_.ledger.asks(journal, request, world_.disk.all());
  return world_.upstream.http(order, std::move(settle), [this, call = order.call, journal, request] {
    world_.ledger.answered(journal, request);
    runner_.report_stream(call, 3);
  });
}

// As Runtime does, whose store looks whether the thread takes another turn.
std::unique_ptr<RunningEffect> SimHost::start_append(const EffectOrder& order, Settle settle) {
  auto append = deferred_.append_of(order, world_.random.id());
  if (!append) {
    settle(append.error().code, append.error().message);
    return nullptr;
  }
  return world_.upstream.check(
      [this, call = order.call, owner = order.owner, append = std::move(*append), settle] {
        const Result<void> deferred = deferred_.append(call, owner, append);
        settle(deferred ? Errc::ok : deferred.error().code,
               deferred ? R"({"id":")" + append.id + "\"}" : deferred.error().message);
      });
}

void SimHost::restore(const EffectOrder& order, const JournalEntry& entry) {
  if (order.kind == "provider") return providers_.restore(order, entry);
  deferred_.restore(order, entry);
}

void SimHost::commit(CallId call, OwnerId, JournalChanges end, std::function<void(Result<void>)> done) {
  StoreBatch batch = deferred_.take(call);
  batch.journal = std::move(end);
  if (batch.empty()) return done({});
  write(SimDisk::Kind::commit, std::move(batch), std::move(done));
}

void SimHost::record(JournalChanges changes, std::function<void(Result<void>)> done) {
  StoreBatch batch;
  batch.journal = std::move(changes);
  write(SimDisk::Kind::record, std::move(batch), std::move(done));
}

void SimHost::write(SimDisk::Kind kind, StoreBatch batch, std::function<void(Result<void>)> done) {
  batch.now_ms = loop_.wall_ms();
  batch.lease = lease_;
  world_.disk.write(
      kind, std::move(batch),
      [this, alive = std::weak_ptr<bool>(alive_), done = std::move(done)](const Result<void>& stored) {
        if (alive.expired()) return;
        journals_left_ = journals_left_ || !stored;
        if (done) done(stored);
      });
}

void SimHost::lose_spawner() {
  for (SimPool* pool : pools_) pool->all_die();
}

void SimHost::slow_down(Duration turn_min) {
  turn_min_ = turn_min;
  for (SimPool* pool : pools_) pool->slow_down(turn_min);
}

std::string SimHost::problem() {
  const AdmissionSettings& limits = settings().admission;
  if (admission_.running() > limits.calls_max) return "more calls run than admission.calls_max";
  if (auto why = beyond(QueueSeen{"admission", admission_.waiting(), limits.queue_size_max}); !why.empty())
    return why;
  std::size_t live_total = 0;
  for (const SimPool* pool : pools_) {
    if (auto why = pool->problem(); !why.empty()) return why;
    live_total += pool->workers();
  }
  if (live_total != quota_.live) return "the count of all workers is wrong";
  for (const auto& [name, provider] : providers_.providers()) {
    const ProviderGateCore& gate = *provider->gate;
    if (gate.running() > provider->settings.concurrency_max)
      return name + ": more attempts run than providers.NAME.concurrency_max";
    if (auto why = beyond(QueueSeen{name, gate.waiting(), gate.queue_size_max()}); !why.empty()) return why;
  }
  std::string found;
  providers_.each_budget([&](const std::string& model, const RetryBudget& budget) {
    if (auto why = beyond(BudgetSeen{model, budget.tokens(), budget.tokens_max()}); !why.empty()) found = why;
  });
  return found.empty() ? call_problem() : found;
}

std::string SimHost::call_problem() {
  std::string found;
  const std::uint32_t attempts_max = settings().retry.attempts_max * (1 + settings().models.fallbacks_max);
  runner_.each_call([&](const CallRunner::LiveCall& call) {
    // At its deadline the timer may have fired in this very round; the outcome is then posted.
    if (!loop_.armed(call.deadline_timer) && call.deadline > loop_.now())
      found = "a live call has no armed timer";
    if (call.deadline_timer.at > call.deadline) found = "a call's timer is later than its deadline";
    if (call.deadline < loop_.now() && loop_.now() != stalled_until_) found = "a call outlived its deadline";
    if (call.deadline > call.parent_deadline) found = "a child's deadline is later than its parent's";
    if (call.journal.turns() > settings().turns.turns_max) found = "more turns than turns.turns_max";
    if (call.journal.entries().size() > settings().turns.effects_max)
      found = "more effects than turns.effects_max";
    if (call.journal.bytes() > settings().turns.journal_bytes_max + (1 << 20))
      found = "a journal beyond turns.journal_bytes_max";
    if (call.parent_deadline != TimePoint::max()) attempts_.see(call.id, call.journal.header().call_id);
  });
  return found.empty() ? attempts_.beyond(attempts_max) : found;
}

std::string SimHost::leftover() const {
  if (runner_.running() != 0) return std::to_string(runner_.running()) + " calls still run";
  if (admission_.unanswered() != 0)
    return std::to_string(admission_.unanswered()) + " requests are unanswered";
  if (quota_.live != 0) return std::to_string(quota_.live) + " idle workers never retired";
  for (const auto& [name, provider] : providers_.providers()) {
    if (provider->gate->running() != 0 || provider->gate->waiting() != 0)
      return name + ": its gate is not empty";
  }
  if (loop_.timers() != 0) return std::to_string(loop_.timers()) + " timers are still armed";
  return {};
}

}  // namespace toolpost::sim
