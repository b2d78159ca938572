#include "cli/live_host.hpp"

#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "runtime/settings_misfits.hpp"

namespace toolpost {
namespace {

// A request's number says which configuration it runs on; a runtime's own numbers stay far below.
constexpr int kGenerationShift = 44;
constexpr RequestNumber kOwnBits = (RequestNumber{1} << kGenerationShift) - 1;

}  // namespace

LiveHost::LiveHost(Host& host, HostOptions options)
    : loop_(host.loop),
      metrics_(host.metrics),
      options_(std::move(options)),
      started_ms_(host.loop.wall_ms()),
      current_(new Generation{++last_number_, std::move(host.parts())}) {}

LiveHost::~LiveHost() {
  lane_.reset();
}

LiveHost::Generation* LiveHost::generation_of(RequestNumber number) const {
  const std::uint64_t wanted = number >> kGenerationShift;
  if (current_->number == wanted) return current_.get();
  for (const auto& one : old_)
    if (one->number == wanted) return one.get();
  return nullptr;
}

RequestNumber LiveHost::call_tool(const ToolRequest& request, Done done, CallRunner::OnProgress progress) {
  const RequestNumber own = runtime().call_tool(
      request,
      [this, done = std::move(done)](CallOutcome outcome, const Journal* journal) {
        done(std::move(outcome), journal);
        drop_finished();
      },
      std::move(progress));
  return current_->number << kGenerationShift | own;
}

void LiveHost::cancel(RequestNumber number) {
  if (Generation* generation = generation_of(number)) generation->parts.runtime->cancel(number & kOwnBits);
  drop_finished();
}

void LiveHost::leave(RequestNumber number) {
  if (Generation* generation = generation_of(number)) generation->parts.runtime->leave(number & kOwnBits);
  drop_finished();
}

std::string LiveHost::describe(RequestNumber number) const {
  const Generation* generation = generation_of(number);
  return generation == nullptr ? "ended" : generation->parts.runtime->describe(number & kOwnBits);
}

CallOutcome LiveHost::so_far(RequestNumber number) const {
  const Generation* generation = generation_of(number);
  return generation == nullptr ? CallOutcome{} : generation->parts.runtime->so_far(number & kOwnBits);
}

void LiveHost::event(Level level, std::string_view name, const std::string& detail) {
  current_->parts.log->event(level, name, {{"detail", detail}});
}

void LiveHost::drop_finished() {
  if (old_.empty()) return;
  // In a later round: what ended in this one may have more to do in it.
  loop_.post([this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    std::erase_if(old_, [](const auto& one) { return one->parts.runtime->unanswered() == 0; });
  });
}

void LiveHost::reload() {
  if (std::exchange(reloading_, true)) {
    once_more_ = true;
    return;
  }
  if (old_.size() >= kOldMax)
    return refuse("calls are still finishing on " + std::to_string(kOldMax) + " earlier configurations");
  ConfigReading reading = read_configuration(options_.config_file);
  if (!reading.outcome.loaded) {
    std::string all;
    for (const ConfigProblem& problem : reading.outcome.problems)
      all += (all.empty() ? "" : "\n") + to_string(problem);
    return refuse(all);
  }
  for (const ConfigProblem& warning : reading.outcome.loaded->warnings)
    event(Level::warn, "config_warning", to_string(warning));
  // A key may come from a command that takes seconds; calls go on meanwhile.
  if (!lane_) lane_ = std::make_unique<BlockingLane>();
  auto settings = std::make_shared<Settings>(std::move(reading.outcome.loaded->settings));
  lane_->run([this, alive = std::weak_ptr<bool>(alive_), settings] {
    auto keys = std::make_shared<Keys>();
    for (const auto& [name, provider] : settings->providers)
      if (provider.key)
        keys->emplace(name,
                      load_secret(*provider.key, [](const char* variable) { return std::getenv(variable); }));
    loop_.post([this, alive, settings, keys] {
      if (!alive.expired()) take_over(std::move(*settings), keys);
    });
  });
}

void LiveHost::take_over(Settings settings, const std::shared_ptr<Keys>& keys) {
  for (const auto& [name, key] : *keys)
    if (!key) return refuse("providers." + name + ".key: " + key.error().message);
  auto parts = make_parts(loop_, metrics_, start_spawner(), std::move(settings), options_,
                          [keys](const std::string& provider) { return std::move(keys->at(provider)); });
  if (!parts) return refuse(parts.error().message);
  std::string misfits;
  for (const SettingsMisfit& one : settings_misfits(parts->runtime->settings(), parts->runtime->plugins())) {
    if (one.severity == SettingsMisfit::Severity::warning)
      event(Level::warn, "config_warning", one.message);
    else
      misfits += (misfits.empty() ? "" : "\n") + one.message;
  }
  if (!misfits.empty()) return refuse(misfits);
  parts->runtime->share_recent_calls(runtime());
  old_.push_back(std::move(current_));
  current_.reset(new Generation{++last_number_, std::move(*parts)});
  ++metrics_.reloads;
  last_refusal_.clear();
  event(Level::info, "config_reloaded", "calls that run finish on the earlier configuration");
  drop_finished();
  runtime().verify_plugins();
  if (on_reloaded) on_reloaded();
  end_reload();
}

void LiveHost::refuse(const std::string& why) {
  ++metrics_.reloads_refused;
  last_refusal_ = why;
  event(Level::error, "config_refused", why + "; nothing was changed");
  end_reload();
}

void LiveHost::end_reload() {
  reloading_ = false;
  if (std::exchange(once_more_, false))
    loop_.post([this, alive = std::weak_ptr<bool>(alive_)] {
      if (!alive.expired()) reload();
    });
}

std::string LiveHost::document() {
  metrics_.queue_size = metrics_.calls_running = metrics_.workers_running = 0;
  metrics_.attempts_waiting.clear();
  runtime().add_gauges(metrics_);
  for (const auto& one : old_) one->parts.runtime->add_gauges(metrics_);
  metrics_.log_lines_lost = current_->parts.log->lost();
  nlohmann::json document = {{"pid", ::getpid()},
                             {"started_ms", started_ms_},
                             {"now_ms", loop_.wall_ms()},
                             {"configuration", current_->number},
                             {"earlier_configurations", old_.size()},
                             {"status", nlohmann::json::parse(runtime().status_json(true))},
                             {"metrics", metrics_.prometheus_text()}};
  if (!last_refusal_.empty()) document["reload_refused"] = runtime().redactor().mask(last_refusal_);
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace toolpost
