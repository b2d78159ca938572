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
  settings.models.fallbacks_max = 0;  // a fallback is a new provider call, which asks everything anew
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

SimHost::SimHost(VirtualLoop& loop, RandomSource& random, FaultPlan& faults, Settings settings)
    : loop_(loop),
      random_(random),
      faults_(faults),
      settings_(std::move(settings)),
      quota_(loop),
      upstream_(loop, random, faults),
      ceilings_(CeilingsByProfile::make(settings_)),
      providers_(loop, random, settings_, ceilings_),
      runner_(
          loop, random, settings_, *this,
          {{},
           [this](PluginEntry& plugin) { prepare(plugin); },
           [](const PluginEntry&, const MethodManifest&, const std::vector<TurnPart>& parts) -> Result<void> {
             if (parts.empty()) return check_failed("it answered nothing");
             if (parts.front().bytes.starts_with(R"({"wrong")")) return check_failed("breaks its schema");
             return {};
           }}),
      admission_(loop, runner_, settings_.admission) {
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
  for (const auto& [name, one] : settings_.providers)
    providers_.add(name, one, &provider, Secret("none", ""));
}

SimHost::~SimHost() {
  admission_.leave_all();
}

void SimHost::prepare(PluginEntry& plugin) {
  if (plugin.pool) return;
  code_.push_back(plugin.found.manifest.kind == PluginKind::tool ? make_tool_plugin(plugin.id())
                                                                 : make_provider_plugin(plugin.id()));
  auto pool = std::make_unique<SimPool>(
      loop_, random_, faults_, *code_.back(), settings_.workers, settings_.turns, quota_,
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
  call.bound = ceilings_.normal.tool(ceilings_.normal.request(now, asked.wall), now, now, nullptr);
  call.plugin = plugin;
  call.method = plugin->methods.front().manifest;
  call.owner = asked.owner;
  call.request = arguments;
  call.accepted = now;
  call.wall = asked.wall;
  return admission_.accept(std::move(call), std::move(done), std::move(progress));
}

std::unique_ptr<RunningEffect> SimHost::start(const EffectOrder& order, Settle settle) {
  if (order.kind == "provider" && providers_.by_plugin(order.plugin) == nullptr)
    return providers_.start(order, std::move(settle));
  if (order.kind == "http") {
    return upstream_.http(order, std::move(settle), [this, call = order.call](std::size_t pieces) {
      runner_.report_stream(call, pieces);
    });
  }
  if (order.kind == "file.read") return upstream_.file(std::move(settle));
  if (order.kind == "store.put") {
    puts_.insert(order.call);
    settle(Errc::ok, "{}");
    return nullptr;
  }
  settle(Errc::unsupported, "this host knows no such effect");
  return nullptr;
}

void SimHost::commit(CallId call, OwnerId, JournalChanges end, std::function<void(Result<void>)> done) {
  if (puts_.erase(call) == 0 && end.empty()) return done({});
  upstream_.commit([this, end = std::move(end), done](const Result<void>& stored) {
    if (stored) disk_.apply(end);
    journals_left_ = journals_left_ || !stored;
    done(stored);
  });
}

void SimHost::record(JournalChanges changes, std::function<void(Result<void>)> done) {
  upstream_.record([this, changes = std::move(changes), done](Result<void> stored) {
    journals_left_ = journals_left_ || !stored;
    if (stored && !disk_.apply(changes)) stored = Error{Errc::unavailable, "a journal that never began"};
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

std::string SimHost::problem() const {
  if (!upstream_.asked_again().empty()) return "asked again although answered: " + upstream_.asked_again();
  if (admission_.running() > settings_.admission.calls_max) return "more calls run than admission.calls_max";
  if (admission_.waiting() > settings_.admission.queue_size_max)
    return "more calls wait than admission.queue_size_max";
  std::size_t live_total = 0;
  for (const SimPool* pool : pools_) {
    if (auto why = pool->problem(); !why.empty()) return why;
    live_total += pool->workers();
  }
  if (live_total != quota_.live) return "the count of all workers is wrong";
  for (const auto& [name, provider] : providers_.providers()) {
    if (provider->gate->running() > provider->settings.concurrency_max)
      return name + ": more attempts run than providers.NAME.concurrency_max";
  }
  std::string found;
  runner_.each_call([&](const CallRunner::LiveCall& call) {
    // At its deadline the timer may have fired in this very round; the outcome is then posted.
    if (!loop_.armed(call.deadline_timer) && call.deadline > loop_.now())
      found = "a live call has no armed timer";
    if (call.deadline_timer.at > call.deadline) found = "a call's timer is later than its deadline";
    if (call.deadline < loop_.now() && loop_.now() != stalled_until_) found = "a call outlived its deadline";
    if (call.deadline > call.parent_deadline) found = "a child's deadline is later than its parent's";
    if (call.journal.turns() > settings_.turns.turns_max) found = "more turns than turns.turns_max";
    if (call.journal.entries().size() > settings_.turns.effects_max)
      found = "more effects than turns.effects_max";
    if (call.journal.bytes() > settings_.turns.journal_bytes_max + (1 << 20))
      found = "a journal beyond turns.journal_bytes_max";
  });
  return found;
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
  const bool lost = faults_.counts()[static_cast<std::size_t>(Fault::commit_never_ends)] > 0;
  for (const auto& [id, journal] : disk_.journals()) {
    if (!lost && journal.outcome.empty() && !journals_left_)
      return "journal " + id + " is still there, and nobody runs it";
  }
  if (loop_.timers() != 0) return std::to_string(loop_.timers()) + " timers are still armed";
  return {};
}

}  // namespace toolpost::sim
