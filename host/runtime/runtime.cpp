#include "runtime/runtime.hpp"

#include <filesystem>

#include "base/text.hpp"
#include "json/invisible.hpp"
#include "json/utf8.hpp"
#include "runtime/shared_limits.hpp"
#include "worker/in_process_pool.hpp"
#include "worker/worker_pool.hpp"

namespace toolpost {
namespace {

constexpr Millis kReplayMax{3'600'000};
constexpr std::uint32_t kLoadCrashesMax = 3;

/// Replies may be as large as limits.output_bytes_max, and so may their strings.
LimitSettings reply_limits(LimitSettings limits) {
  limits.message_bytes_max = std::max(limits.message_bytes_max, limits.output_bytes_max);
  limits.string_bytes_max = std::max(limits.string_bytes_max, limits.output_bytes_max);
  return limits;
}

const char* end_word(EndReason reason) {
  switch (reason) {
    case EndReason::hung:
      return "hung";
    case EndReason::not_ready:
      return "not_ready";
    case EndReason::protocol:
      return "protocol";
    case EndReason::retired:
      return "retired";
    case EndReason::load_failed:
      return "load_failed";
    case EndReason::other_owner:
      return "other_owner";
    case EndReason::shutdown:
      return "shutdown";
    case EndReason::crashed:
      return "crashed";
    case EndReason::lost:
      return "lost";
  }
  return "unknown";
}

}  // namespace

Runtime::Runtime(EventLoop& loop, Spawner& spawner, Settings settings, RuntimePlaces places)
    : loop_(loop),
      spawner_(spawner),
      quota_(loop),
      settings_(std::move(settings)),
      places_(std::move(places)),
      metrics_(places_.metrics != nullptr ? *places_.metrics : own_metrics_),
      ceilings_(CeilingsByProfile::make(settings_)),
      recent_calls_(std::make_shared<RecentCalls>(settings_.log.recent_calls_max)),
      providers_(loop, random_, settings_, ceilings_),
      questions_(loop, settings_),
      runner_(loop, random_, settings_, *this,
              {[this](const PluginEntry& plugin, const TurnLogLine& line) {
                 if (on_event) on_event(Level::info, "plugin_log", plugin.id() + ": " + line.text);
               },
               [this](PluginEntry& plugin) { ensure_pool(plugin); },
               [this](const PluginEntry& plugin, const MethodManifest& method,
                      const std::vector<TurnPart>& parts) { return check_output(plugin, method, parts); },
               [this](const CallRequest& call, const Journal& journal, const Error& error) {
                 if (call.offline) return;  // a replay: this death was told when it happened
                 report_death(*call.plugin, CrashFacts::Moment::turn, error, call.method, &journal);
                 if (error.code != Errc::nondeterministic)
                   quarantine_.note(*call.plugin, call.owner, journal.header(), error);
               },
               [this](std::string_view kind, Errc code) { metrics_.effects.add(effect_label(kind), code); }}),
      quarantine_(loop, settings_.quarantine),
      deferred_(loop, runner_, settings_.store),
      admission_(loop, runner_, settings_.admission),
      repeats_(admission_),
      resume_(loop, random_, ceilings_, repeats_, providers_, ways_of_resuming()),
      http_(loop, settings_.http),
      reader_(reply_limits(settings_.limits)) {
  providers_.attach(runner_);
  providers_.spend_by(*this);
  questions_.attach(runner_);
  questions_.mask = [this](std::string& text) { mask_secrets(text); };
  questions_.keeping_problem = [this] { return keeping_problem(); };
  providers_.count_in(metrics_);
  spawner_.attach(loop_, settings_.workers,
                  {[this](std::uint64_t worker, const std::string& why) {
                     pools_.at(worker >> 32)->on_spawn_failed(worker & 0xffffffff, why);
                   },
                   [this](std::uint64_t worker, int status) {
                     pools_.at(worker >> 32)->on_died(worker & 0xffffffff, status);
                   },
                   [this](std::uint64_t worker) { pools_.at(worker >> 32)->on_lost(worker & 0xffffffff); },
                   [this](const std::string& what) {
                     if (on_event) on_event(Level::warn, "spawner", what);
                   }});
  loop_.each_round([this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    for (WorkerPool* pool : pools_) pool->flush();
  });
}

Runtime::~Runtime() {
  on_event = nullptr;  // what follows is nobody's news
  loop_.cancel(expiry_timer_);
  if (lease_ && admission_.unanswered() > 0) lease_->leave_calls();
  // Calls go before the pools that their turns are in; lanes end before the store and the roots.
  admission_.leave_all();
  resume_.forget_heard();
  file_lane_.reset();
  store_lane_.reset();
}

Result<void> Runtime::open() {
  auto catalog = scan_plugins(places_.plugin_folders, places_.state_dir);
  if (!catalog) return catalog.error();
  plugins_ = std::make_unique<PluginTable>(std::move(*catalog), settings_);
  for (const auto& plugin : plugins_->plugins()) {
    if (plugin->settings.calls_max) {
      admission_.set_plugin_limit(plugin->index, *plugin->settings.calls_max,
                                  "plugins.\"" + plugin->id() + "\".calls_max");
    }
  }
  auto roots = FileRoots::open(settings_.files.roots.empty() ? places_.file_roots : settings_.files.roots,
                               settings_.files, places_.state_dir);
  if (!roots) return roots.error();
  roots_ = std::make_unique<FileRoots>(std::move(*roots));
  git_ = std::make_unique<GitService>(loop_, *roots_, settings_, places_.git_program, places_.state_dir);
  if (auto opened = open_store(); !opened) store_problem_ = opened.error().message;
  std::vector<std::string> catalogs = places_.catalog_folders;
  catalogs.insert(catalogs.end(), settings_.models.catalog_folders.begin(),
                  settings_.models.catalog_folders.end());
  providers_.use_catalog(
      read_catalogs(catalogs, [this](const std::string& problem) { catalog_problems_.push_back(problem); }));
  providers_.on_breaker = [this](BreakerState now, const std::string& what) {
    if (!on_event) return;
    if (now == BreakerState::open) return on_event(Level::warn, "breaker_opened", what);
    on_event(Level::info, "breaker_closed", what);
  };
  providers_.on_choice = [this](const std::string& why) {
    if (on_event) on_event(Level::info, "model_chosen", why);
  };
  providers_.refuses = [this](const CallRequest& call) { return quarantine_.refusal(call); };
  providers_.share = [this](const std::string& name) -> std::unique_ptr<SharedProvider> {
    auto shared = SharedLimits::open(loop_, random_, places_.state_dir, name, settings_.store.shared_poll);
    if (shared) return std::move(*shared);
    sharing_problems_.push_back(shared.error().message);
    return nullptr;
  };
  for (const auto& [name, settings] : settings_.providers) {
    const PluginEntry* plugin = plugins_->provider(settings.plugin);
    providers_.add(name, settings, plugin == nullptr ? nullptr : &plugin->found, read_key(name, settings));
  }
  const PluginEntry* client = plugins_->provider("dev.toolpost.client");
  providers_.add_client(client == nullptr ? nullptr : &client->found);
  return {};
}

void Runtime::verify_plugins() {
  // Found before anybody listened.
  for (const std::string& problem : catalog_problems_)
    if (on_event) on_event(Level::error, "model_catalog", problem);
  for (const auto& [name, provider] : providers_.providers())
    if (provider->unusable && on_event)
      on_event(Level::warn, "provider_unusable", provider->unusable->message);
  for (const std::string& problem : sharing_problems_)
    if (on_event) on_event(Level::warn, "limits_not_shared", problem);
  for (const auto& plugin : plugins_->plugins()) {
    if (plugin->incompatible || plugin->loaded) continue;
    ensure_pool(*plugin);
    plugin->pool->warm();
  }
}

void Runtime::ensure_pool(PluginEntry& plugin) {
  if (plugin.pool) return;
  WorkerPool::Events events;
  events.turn_done = [this](TurnId turn, Result<TurnOutput> output) {
    runner_.on_turn_done(turn, std::move(output));
  };
  events.loaded = [this, &plugin](const Result<void>& loaded) { on_loaded(plugin, loaded); };
  events.stdio = [this, &plugin](const std::string& text) {
    if (on_event) on_event(Level::info, "plugin_output", plugin.id() + ": " + text);
  };
  events.ended = [this, &plugin](EndReason reason) {
    count_worker_end(reason);
    if (reason == EndReason::protocol)
      on_refused(plugin.id(), "protocol", "what it sent to the host breaks the worker protocol");
    const bool routine =
        reason == EndReason::retired || reason == EndReason::shutdown || reason == EndReason::other_owner;
    if (on_event)
      on_event(routine ? Level::debug : Level::warn, "worker_ended", plugin.id() + ": " + end_word(reason));
  };
  events.died_unheard = [this, &plugin](const Error& error) {
    report_death(plugin, CrashFacts::Moment::no_turn, error);
  };
  events.refused = [this, &plugin](RefusedPower power, std::uint64_t times) {
    on_refused(plugin.id(), std::string(name(power)), std::string(meaning(power)), times);
  };
  events.sandboxed = [this](int level) {
    isolation_level_ = level;
    ++metrics_.workers_started;
  };
  if (places_.kill_after_frame) {
    events.kill_after_frame = [this, &plugin](FrameType type) {
      return places_.kill_after_frame(plugin.id(), type);
    };
  }
  const PoolPlugin pool_plugin{
      plugin.id(),
      plugin.found.file,
      plugin.config_json,
      plugin.settings.turn_max.value_or(settings_.turns.turn_max),
      settings_.limits.output_bytes_max,
      settings_.turns.effects_max,
      plugin.settings.turn_max ? "plugins.\"" + plugin.id() + "\".turn_max_ms" : "turns.turn_max_ms"};
  if (settings_.isolation.mode == "in-process") {
    isolation_level_ = 0;
    plugin.pool = std::make_unique<InProcessPool>(
        loop_, pool_plugin, settings_.workers,
        InProcessPool::Events{std::move(events.turn_done), std::move(events.loaded)});
    return;
  }
  auto pool =
      std::make_unique<WorkerPool>(loop_, spawner_, static_cast<std::uint32_t>(pools_.size()), pool_plugin,
                                   settings_.workers, settings_.isolation, quota_, std::move(events));
  pools_.push_back(pool.get());
  plugin.pool = std::move(pool);
}

void Runtime::on_loaded(PluginEntry& plugin, const Result<void>& loaded) {
  if (loaded) {
    plugin.loaded = true;
    plugin.load_crashes = 0;
    return;
  }
  report_death(plugin, CrashFacts::Moment::loading, loaded.error());
  if (on_event) on_event(Level::warn, "plugin_failed", loaded.error().message);
  if (plugin.loaded) return;
  // One death while loading may be bad luck (no memory, somebody's kill); a plugin that always dies there, or
  // is not ready in all the time there is, cannot run.
  const Errc code = loaded.error().code;
  const bool bad_luck = code == Errc::crashed && ++plugin.load_crashes < kLoadCrashesMax;
  if (bad_luck) {
    loop_.post([&plugin] { plugin.pool->warm(); });
  } else if (code == Errc::incompatible || code == Errc::crashed || code == Errc::hung) {
    plugin.incompatible = Error{Errc::incompatible, loaded.error().message};
  }
}

Result<Secret> Runtime::read_key(const std::string& name, const ProviderSettings& provider) {
  if (!provider.key) return Secret("no key", "");
  auto key = places_.keys ? places_.keys(name) : load_secret(*provider.key, places_.environment);
  if (key) redactor_.add(*key);
  return key;
}

void Runtime::mask_secrets(std::string& text) {
  for (const auto& [name, provider] : providers_.providers()) {
    if (!provider->secret) continue;
    const std::string& secret = provider->secret->value;
    if (text.find(secret) != std::string::npos)
      metrics_.sanitizer_actions.add(SanitizerAction::masked_secret);
    mask_secret(text, secret);
  }
}

void Runtime::mask_secrets(CallOutcome& outcome) {
  mask_secrets(outcome.message);
  for (TurnPart& part : outcome.parts) mask_secrets(part.bytes);
}

void Runtime::cancel(RequestNumber number) {
  if (repeats_.knows(number)) {
    const CallOutcome so_far = repeats_.so_far(number);
    metrics_.turns += so_far.turns;
    metrics_.turn_reruns += so_far.reruns;
  }
  repeats_.cancel(number);
}

RequestNumber Runtime::call_tool(const ToolRequest& asked, Done done, CallRunner::OnProgress progress) {
  auto call = prepare(asked);
  const TimePoint deadline = call ? call->bound.deadline.at() : TimePoint::max();
  const std::string tool = tool_label(asked.tool);
  // Goes when `done` does.
  auto noted = std::make_shared<NotedCall>(
      recent_calls_, loop_, asked.owner, tool,
      [this, alive = std::weak_ptr<bool>(alive_), tool, deadline](const CallOutcome& cancelled) {
        if (!alive.expired()) count_outcome(tool, deadline, cancelled);
      });
  done = [this, tool, noted, deadline, done = std::move(done)](CallOutcome outcome, const Journal* journal) {
    count_outcome(tool, deadline, outcome);
    noted->end(outcome);
    done(std::move(outcome), journal);
  };
  if (!call) return admission_.refuse(call.error(), std::move(done));
  if (auto refused = quarantine_.refusal(*call)) return admission_.refuse(*refused, std::move(done));
  Done masked = [this, earlier = std::string(asked.request_state), done = std::move(done)](
                    CallOutcome outcome, const Journal* journal) {
    mask_secrets(outcome);
    if (!outcome.questions.empty()) seal_state(outcome, journal->header(), earlier);
    done(std::move(outcome), journal);
  };
  if (!asked.request_state.empty())
    return accept_next_leg(std::move(*call), asked.request_state, std::move(masked), std::move(progress));
  const std::string key = shared_key(*call, settings_.admission);
  return resume_.accept(key, std::move(*call), std::move(masked), std::move(progress));
}

Result<CallRequest> Runtime::prepare(const ToolRequest& asked) {
  const auto target = plugins_->tool(asked.tool);
  if (!target) return plugins_->no_tool(asked.tool);
  PluginEntry& plugin = *target.plugin;
  if (plugin.incompatible) return *plugin.incompatible;
  std::string_view text = asked.arguments_json;
  CleanJson clean;
  simdjson::dom::element arguments;
  if (settings_.sanitize_invisible && may_need_cleaning(text)) {
    auto cleaned = clean_json(text);
    if (!cleaned) count_refused_line();
    if (!cleaned) return cleaned.error().with("arguments of " + std::string(asked.tool));
    clean = std::move(*cleaned);
    if (clean.removed != 0) metrics_.sanitizer_actions.add(SanitizerAction::stripped_invisible);
    text = clean.text;
  }
  if (asked.arguments != nullptr && clean.removed == 0) {
    arguments = *asked.arguments;
  } else {
    auto read = reader_.read_copy(text);
    if (!read) {
      count_refused_line();
      return read.error().with("arguments of " + std::string(asked.tool));
    }
    arguments = *read;
  }
  if (target.method->input) {
    auto valid = target.method->input->validate(arguments);
    if (!valid) metrics_.sanitizer_actions.add(SanitizerAction::refused_schema);
    if (!valid) return valid.error().with("arguments of " + std::string(asked.tool));
  }
  const TimePoint now = loop_.now();
  std::optional<CeilingOverride> own;
  if (plugin.settings.ceiling)
    own.emplace("plugins.\"" + plugin.id() + "\".ceiling_ms", *plugin.settings.ceiling);
  CallRequest call;
  call.durable = asked.durable;
  call.profile = asked.durable ? CeilingProfile::patient : asked.profile;
  const CeilingsCore& ceilings = ceilings_.of(call.profile);
  call.bound = ceilings.tool(ceilings.request(now, asked.wall), now, now, own ? &*own : nullptr);
  call.plugin = &plugin;
  call.method = target.method->manifest;
  call.owner = asked.owner;
  call.request = clean.removed == 0 ? asked.arguments_json : text;
  call.accepted = now;
  call.wall = asked.wall;
  call.reach = asked.reach;
  call.answers = asked.answers;
  return call;
}

Result<void> Runtime::check_output(const PluginEntry& plugin, const MethodManifest& manifest,
                                   const std::vector<TurnPart>& parts) {
  const auto invalid = [&](const std::string& why) {
    return Error{Errc::output_invalid, "plugin " + plugin.id() + ": " + why, Millis{0}, SideEffect::maybe};
  };
  if (parts.empty()) return invalid("it answered nothing");
  for (const TurnPart& part : parts) {
    if (part.media_type.starts_with("text/") && !is_valid_utf8(part.bytes))
      return invalid("its text is not UTF-8");
  }
  const TurnPart& first = parts.front();
  if (first.media_type != "application/json") return {};
  auto read = reader_.read_copy(first.bytes);
  if (!read) return invalid("its reply: " + read.error().message);
  for (const MethodEntry& method : plugin.methods) {
    if (method.manifest != &manifest || !method.output) continue;
    if (auto valid = method.output->validate(*read); !valid)
      return invalid("its reply: " + valid.error().message);
  }
  return {};
}

Result<CallRequest> Runtime::recorded_call(const RecordedCall& recorded) {
  PluginEntry* plugin = plugins_->by_id(recorded.header.plugin);
  if (plugin == nullptr)
    return Error{Errc::not_found, "plugin " + recorded.header.plugin + " is not installed"};
  if (plugin->incompatible) return *plugin->incompatible;
  const MethodManifest* method = plugin->find_method(recorded.header.method);
  if (method == nullptr) {
    return Error{Errc::not_found, "plugin " + plugin->id() + " has no method " + recorded.header.method};
  }
  CallRequest call;
  call.plugin = plugin;
  call.method = method;
  call.owner = 1;
  call.accepted = loop_.now();
  call.pinned = recorded.header;
  call.entries = recorded.entries;
  return call;
}

Result<RequestNumber> Runtime::replay(const RecordedCall& recorded, Done done) {
  auto call = recorded_call(recorded);
  if (!call) return call.error();
  call->bound = {Deadline(loop_.now() + kReplayMax), "the bound of a replay", kReplayMax, {}, {}};
  call->offline = true;
  return admission_.accept(std::move(*call), std::move(done), {});
}

}  // namespace toolpost
