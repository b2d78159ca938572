// The part of Runtime that starts effects: who may, and which family does it.
#include <algorithm>

#include "base/text.hpp"
#include "runtime/dumped_json.hpp"
#include "runtime/provider_request.hpp"
#include "runtime/runtime.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

Error not_granted(const EffectOrder& order) {
  PluginEntry& plugin = *order.plugin;
  const std::string toml = missing_grants_toml(plugin, order.kind);
  return {Errc::permission, "effect " + std::string(order.kind) + " is not granted to plugin " + plugin.id() +
                                "; the operator may add to the configuration:\n" + toml};
}

/// Whose wish it is that is refused. The paths and models of bundled tools are their callers' words.
bool reaches_by_itself(const EffectOrder& order) {
  const bool callers =
      order.kind == "provider" || order.kind.starts_with("file.") || order.kind.starts_with("git.");
  return !callers || order.plugin->found.origin != PluginOrigin::bundled;
}

/// Keeps an answer from reaching a call that no longer waits for it.
class LaneEffect final : public RunningEffect {
 public:
  explicit LaneEffect(std::shared_ptr<bool> wanted) : wanted_(std::move(wanted)) {}
  ~LaneEffect() override { *wanted_ = false; }

 private:
  std::shared_ptr<bool> wanted_;  // shared with the answer on its way; touched on the loop only
};

class HttpEffect final : public RunningEffect {
 public:
  HttpEffect(HttpClient& client, HttpRequestId id) : client_(client), id_(id) {}
  ~HttpEffect() override { client_.cancel(id_); }

 private:
  HttpClient& client_;
  const HttpRequestId id_;
};

class GitEffect final : public RunningEffect {
 public:
  GitEffect(GitService& git, GitRequestId id) : git_(git), id_(id) {}
  ~GitEffect() override { git_.cancel(id_); }

 private:
  GitService& git_;
  const GitRequestId id_;
};

}  // namespace

std::unique_ptr<RunningEffect> Runtime::start(const EffectOrder& order, Settle wanted) {
  Settle settle = [this, plugin = order.plugin->id(), kind = std::string(order.kind),
                   reaches = reaches_by_itself(order),
                   wanted = std::move(wanted)](Errc code, std::string result) {
    if (code == Errc::permission && reaches) on_refused(plugin, kind, result);
    wanted(code, std::move(result));
  };
  const auto refuse = [&settle](const Error& error) {
    settle(error.code, error.message);
    return nullptr;
  };
  if (order.kind == "provider" && providers_.by_plugin(order.plugin) == nullptr &&
      order.plugin->granted.contains("provider")) {
    return providers_.start(order, std::move(settle));
  }
  const auto& known = known_effect_kinds();
  if (std::find(known.begin(), known.end(), order.kind) == known.end()) {
    const auto near = did_you_mean(order.kind, known);
    return refuse({Errc::unsupported, "this host knows no effect \"" + std::string(order.kind) + "\"" +
                                          (near ? "; did you mean \"" + *near + "\"?" : "")});
  }
  if (!order.plugin->granted.contains(std::string(order.kind))) return refuse(not_granted(order));
  if (order.kind == "http") return start_http(order, settle);
  if (order.kind.starts_with("file.")) return start_file(order, settle);
  if (order.kind.starts_with("git.")) return start_git(order, settle);
  if (order.kind.starts_with("store.") || order.kind.starts_with("thread."))
    return start_store(order, settle);
  if (order.kind == "ask" || order.kind == "sample") return questions_.start(order, std::move(settle));
  if (order.kind == "models") return providers_.start_models(order, std::move(settle));
  if (order.kind == "host.status") {
    const json request = json::parse(order.request, nullptr, false);
    const json part = request.is_object() ? request.value("part", json("all")) : json();
    settle(Errc::ok, part == "calls" ? recent_calls_json(order.owner, request) : status_json(part == "all"));
    return nullptr;
  }
  return refuse({Errc::unsupported, "effect " + std::string(order.kind) + " is not available"});
}

std::unique_ptr<RunningEffect> Runtime::start_http(const EffectOrder& order, const Settle& settle) {
  auto request = http_request_from_json(order.request);
  if (!request) {
    settle(request.error().code, request.error().message);
    return nullptr;
  }
  TimePoint deadline = order.bound.deadline.at();
  if (order.timeout_ms != 0) deadline = std::min(deadline, loop_.now() + Millis(order.timeout_ms));
  HttpCall call{std::move(*request), order.plugin->id(), {}, {}, Deadline(deadline)};
  if (const ProviderEntry* provider = providers_.by_plugin(order.plugin)) {
    call.allowed.push_back(*provider->origin);
    call.secret = provider->secret;
  }
  for (const std::string& text : order.plugin->settings.http_origins) {
    if (const auto origin = parse_origin(text)) call.allowed.push_back({*origin, true});
  }
  const std::string secret = call.secret ? call.secret->value : "";
  const HttpRequestId id = http_.start(
      std::move(call),
      [settle, secret](HttpOutcome outcome) {
        if (!outcome.result) {
          const Error& error = outcome.result.error();
          return settle(effect_code(error.code), error.message);
        }
        settle(Errc::ok, http_response_to_json(*outcome.result, secret));
      },
      [this, call_id = order.call](HttpProgress progress) {
        if (progress.content_events > 0) runner_.report_stream(call_id, progress.content_events);
      });
  return std::make_unique<HttpEffect>(http_, id);
}

BlockingLane& Runtime::lane(std::unique_ptr<BlockingLane>& one) {
  if (!one) one = std::make_unique<BlockingLane>(settings_.store.queue_size_max, "store.queue_size_max");
  return *one;
}

std::unique_ptr<RunningEffect> Runtime::on_lane(BlockingLane& lane, std::function<Result<std::string>()> work,
                                                const Settle& settle) {
  auto wanted = std::make_shared<bool>(true);
  const bool taken =
      lane.run([this, alive = std::weak_ptr<bool>(alive_), wanted, work = std::move(work), settle]() mutable {
        auto result = std::make_shared<Result<std::string>>(work());
        loop_.post([alive, wanted, result, settle] {
          if (alive.expired() || !*wanted) return;
          if (*result) {
            settle(Errc::ok, std::move(**result));
          } else {
            settle(result->error().code, result->error().message);
          }
        });
      });
  if (!taken) {
    settle(Errc::exhausted, lane.full());
    return nullptr;
  }
  return std::make_unique<LaneEffect>(std::move(wanted));
}

std::unique_ptr<RunningEffect> Runtime::start_file(const EffectOrder& order, const Settle& settle) {
  auto& budget = budgets_[order.call];
  if (!budget) {
    budget = std::make_shared<FileBudget>();
    budget->files_left = settings_.files.files_max;
    budget->bytes_left = static_cast<std::int64_t>(settings_.files.total_bytes_max);
  }
  return on_lane(
      lane(file_lane_),
      [this, kind = std::string(order.kind), request = std::string(order.request), budget = budget] {
        return run_file_effect(*roots_, settings_.files, kind, request, *budget);
      },
      settle);
}

std::unique_ptr<RunningEffect> Runtime::start_git(const EffectOrder& order, const Settle& settle) {
  const GitRequestId id = git_->start(order.kind, order.request, [settle](Result<std::string> result) {
    if (!result) return settle(result.error().code, result.error().message);
    settle(Errc::ok, std::move(*result));
  });
  return std::make_unique<GitEffect>(*git_, id);
}

void Runtime::restore(const EffectOrder& order, const JournalEntry& entry) {
  if (order.kind == "provider") return providers_.restore(order, entry);
  deferred_.restore(order, entry);
}

/// Stored when the call has ended well; whether it may be, the call hears now, while it can still tell.
std::unique_ptr<RunningEffect> Runtime::start_append(const EffectOrder& order, const Settle& settle) {
  auto append = deferred_.append_of(order, random_.id());
  if (!append) {
    settle(append.error().code, append.error().message);
    return nullptr;
  }
  const auto checked = [this, call = order.call, owner = order.owner, append = *append, settle](
                           Errc code, std::string said) {
    if (code != Errc::ok) return settle(code, std::move(said));
    if (deferred_.is_behind(call, append))
      return settle(Errc::conflict, "another call of " + append.tool + " goes on with thread " + append.id +
                                        " right now; read it again in a moment");
    std::string answer = "{\"id\":\"" + append.id + "\",\"turns_left\":" + said + "}";
    if (auto deferred = deferred_.append(call, owner, append); !deferred)
      return settle(deferred.error().code, deferred.error().message);
    settle(Errc::ok, std::move(answer));
  };
  return on_lane(
      lane(store_lane_),
      [this, owner = owner_name(order.owner), append = std::move(*append),
       now = loop_.wall_ms()]() -> Result<std::string> {
        const auto left = store_->check_append(owner, append, now);
        if (!left) return left.error();
        return std::to_string(*left);
      },
      checked);
}

std::unique_ptr<RunningEffect> Runtime::start_store(const EffectOrder& order, const Settle& settle) {
  if (!store_) {
    settle(Errc::unavailable, "nothing can be stored: " + store_problem_);
    return nullptr;
  }
  if (order.kind == "store.put") {
    const Result<void> deferred = deferred_.put(order);
    settle(deferred ? Errc::ok : deferred.error().code, deferred ? "{}" : deferred.error().message);
    return nullptr;
  }
  if (order.kind == "thread.append") return start_append(order, settle);
  const json request = json::parse(order.request, nullptr, false);
  const char* field = order.kind == "thread.read" ? "id" : "key";
  if (!request.is_object() || !request.contains(field) || !request[field].is_string()) {
    settle(Errc::invalid_input, std::string(order.kind) + " needs \"" + field + "\"");
    return nullptr;
  }
  const std::string name = request[field];
  const std::string owner = owner_name(order.owner);
  if (order.kind == "thread.read") {
    return on_lane(
        lane(store_lane_),
        [this, owner, name, now = loop_.wall_ms()] { return store_->read_thread(owner, name, now); }, settle);
  }
  return on_lane(
      lane(store_lane_),
      [this, owner, name, plugin = order.plugin->id()]() -> Result<std::string> {
        auto value = store_->get_value(owner, plugin, name);
        if (!value) return value.error();
        return "{\"value\":" + value->value_or("null") + "}";
      },
      settle);
}

void Runtime::commit(CallId call, OwnerId, JournalChanges end, std::function<void(Result<void>)> done) {
  StoreBatch batch = deferred_.take(call);
  batch.journal = std::move(end);
  if (batch.empty()) return done({});
  store_batch(std::move(batch), std::move(done));
}

void Runtime::record(JournalChanges changes, std::function<void(Result<void>)> done) {
  StoreBatch batch;
  batch.journal = std::move(changes);
  store_batch(std::move(batch), std::move(done));
}

void Runtime::store_batch(StoreBatch batch, std::function<void(Result<void>)> done) {
  const auto later = [this, alive = std::weak_ptr<bool>(alive_),
                      done = std::move(done)](Result<void> stored) {
    loop_.post([this, alive, stored = std::move(stored), done] {
      if (alive.expired()) return;
      if (!stored && stored.error().code != Errc::conflict) on_store_failed(stored.error());
      if (done) done(stored);
    });
  };
  if (!store_) return later(Error{Errc::unavailable, "nothing can be stored: " + store_problem_});
  batch.now_ms = loop_.wall_ms();
  batch.lease = lease_ ? lease_->name() : "";
  BlockingLane& disk = lane(store_lane_);
  const bool taken = disk.run([this, batch = std::move(batch), later] { later(store_->commit(batch)); });
  if (!taken) later(Error{Errc::exhausted, disk.full()});
}

void Runtime::reserve(const MoneyOrder& order, std::function<void(const Result<MoneyAnswer>&)> done) {
  const auto later = [this, alive = std::weak_ptr<bool>(alive_),
                      done = std::move(done)](const Result<MoneyAnswer>& answer) {
    loop_.post([alive, answer, done] {
      if (!alive.expired()) done(answer);
    });
  };
  if (!store_) return later(Error{Errc::unavailable, "nothing can be stored: " + store_problem_});
  BlockingLane& disk = lane(store_lane_);
  if (!disk.run([this, order, later] { later(store_->reserve_money(order)); }))
    later(Error{Errc::exhausted, disk.full()});
}

void Runtime::settle(const std::string& provider, std::int64_t day, std::int64_t change) {
  const auto failed = [this, alive = std::weak_ptr<bool>(alive_)](const Error& error) {
    loop_.post([this, alive, error] {
      if (!alive.expired()) on_store_failed(error);
    });
  };
  if (!store_lane_) return failed({Errc::unavailable, "the host ends"});
  const bool taken = store_lane_->run([this, provider, day, change, failed] {
    if (auto settled = store_->settle_money(provider, day, change); !settled) failed(settled.error());
  });
  if (!taken) failed({Errc::exhausted, store_lane_->full()});
}

void Runtime::on_store_failed(const Error& error) {
  const bool told = std::exchange(store_failure_, error.code) == error.code;
  if (!told && on_event)
    on_event(Level::error, "store_failed", error.message + "; calls go on, and would not survive a crash");
}

void Runtime::forget(CallId call) {
  deferred_.forget(call);
  budgets_.erase(call);
}

}  // namespace toolpost
