#include "worker/in_process_pool.hpp"

#include <atomic>
#include <functional>

#include "base/guarded_mutex.hpp"
#include "worker/plugin_module.hpp"
#include "worker/turn_runner.hpp"

namespace toolpost {

class InProcessPool::Stage final : private TurnListener {
 public:
  Stage(Scheduler& loop, TurnRunnerLimits limits) : limits_(limits), loop_(&loop) {}

  /// The pool is gone, and perhaps the loop: nothing is posted any more. Threads: the loop's.
  void close() {
    const MutexLock lock(mutex_);
    loop_ = nullptr;
  }
  /// Threads: any.
  void post(Scheduler::Task task) {
    const MutexLock lock(mutex_);
    if (loop_ != nullptr) loop_->post(std::move(task));
  }
  void cancel(TurnId turn) { cancelled_.store(turn); }

  /// Threads: the lane's, as all below.
  Result<void> open(const PoolPlugin& plugin) {
    auto module = PluginModule::load(plugin.file, plugin.config);
    if (!module)
      return Error{Errc::incompatible,
                   "plugin " + plugin.id + " cannot be loaded: " + module.error().message};
    module_ = std::move(*module);
    return {};
  }
  Result<TurnOutput> run(TurnId turn, const std::string& bytes) {
    const auto input = decode_turn_input(bytes);
    if (!input) return Error{Errc::internal, "a turn's input cannot be read"};
    turn_ = turn;
    return run_turn(module_->table(), module_->instance(), *input, limits_, this);
  }

 private:
  bool is_cancelled() override { return cancelled_.load() == turn_; }

  const TurnRunnerLimits limits_;
  std::unique_ptr<PluginModule> module_;  // the lane's
  TurnId turn_ = 0;                       // the lane's
  std::atomic<TurnId> cancelled_{0};
  Mutex mutex_;
  Scheduler* loop_ TOOLPOST_GUARDED_BY(mutex_);  // null once the pool is gone
};

InProcessPool::InProcessPool(Scheduler& loop, PoolPlugin plugin, const WorkerSettings& workers, Events events)
    : loop_(loop),
      plugin_(std::move(plugin)),
      settings_(workers),
      events_(std::move(events)),
      stage_(std::make_shared<Stage>(loop, TurnRunnerLimits{plugin_.output_bytes_max, plugin_.effects_max,
                                                            workers.log_lines_max, 4096})),
      lane_(std::make_unique<BlockingLane>()) {}

InProcessPool::~InProcessPool() {
  loop_.cancel(guard_);
  stage_->close();
  // A thread that hangs in a plugin can be neither ended nor waited for; it goes with the process.
  if (disabled_) [[maybe_unused]]
    auto* abandoned = lane_.release();
}

void InProcessPool::warm() {
  if (open_ || opening_ || disabled_) return;
  opening_ = true;
  guard_ = loop_.after(settings_.ready_max, [this] {
    give_up({Errc::hung, "plugin " + plugin_.id + " was not ready after workers.ready_max_ms = " +
                             std::to_string(settings_.ready_max.count())});
  });
  lane_->run([this, stage = stage_, plugin = plugin_] {
    auto loaded = stage->open(plugin);
    stage->post([this, loaded] { on_loaded(loaded); });
  });
}

void InProcessPool::on_loaded(const Result<void>& loaded) {
  loop_.cancel(guard_);
  opening_ = false;
  open_ = loaded.has_value();
  if (events_.loaded) events_.loaded(loaded);
  if (loaded) return next();
  for (const Waiting& waiting : std::exchange(waiting_, {})) events_.turn_done(waiting.turn, loaded.error());
}

void InProcessPool::submit(TurnId turn, OwnerId, std::string input) {
  if (disabled_) return events_.turn_done(turn, *disabled_);
  waiting_.push_back({turn, std::move(input)});
  if (!open_) return warm();
  next();
}

void InProcessPool::withdraw(TurnId turn) {
  std::erase_if(waiting_, [turn](const Waiting& waiting) { return waiting.turn == turn; });
  if (running_ == turn) stage_->cancel(turn);
}

void InProcessPool::next() {
  if (running_ || !open_ || disabled_ || waiting_.empty()) return;
  Waiting first = std::move(waiting_.front());
  waiting_.pop_front();
  running_ = first.turn;
  guard_ = loop_.after(plugin_.turn_max, [this] {
    give_up({Errc::hung,
             "a turn of plugin " + plugin_.id + " ran past " + plugin_.turn_max_setting + " = " +
                 std::to_string(to_ms(plugin_.turn_max)),
             Millis{0}, SideEffect::maybe});
  });
  lane_->run([this, stage = stage_, turn = first.turn, input = std::move(first.input)] {
    auto output = std::make_shared<Result<TurnOutput>>(stage->run(turn, input));
    stage->post([this, turn, output] { on_turn_done(turn, std::move(*output)); });
  });
}

void InProcessPool::on_turn_done(TurnId turn, Result<TurnOutput> output) {
  if (running_ != turn) return;  // it hung, was answered, and came back after all
  loop_.cancel(guard_);
  running_.reset();
  next();
  events_.turn_done(turn, std::move(output));
}

void InProcessPool::give_up(Error error) {
  guard_ = {};
  disabled_ = Error{Errc::incompatible, "plugin " + plugin_.id +
                                            " hung in-process and stays off until the host starts anew (" +
                                            error.message + ")"};
  if (opening_ && events_.loaded) events_.loaded(*disabled_);
  if (running_) events_.turn_done(*std::exchange(running_, {}), std::move(error));
  for (const Waiting& waiting : std::exchange(waiting_, {})) events_.turn_done(waiting.turn, *disabled_);
}

}  // namespace toolpost
