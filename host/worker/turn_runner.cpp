#include "worker/turn_runner.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "call/join.hpp"

namespace toolpost {
namespace {

std::string_view view(toolpost_text text) {
  return text.size == 0 ? std::string_view{} : std::string_view(text.data, text.size);
}
toolpost_text text(std::string_view from) {
  return {from.data(), from.size()};
}

/// The turn that runs now, behind the C table. One per thread: the ABI's functions carry no context pointer,
/// and a call from another thread than invoke's finds none.
class ActiveTurn {
 public:
  ActiveTurn(const TurnInput& input, const TurnRunnerLimits& limits, TurnListener* listener)
      : input_(input), limits_(limits), listener_(listener), random_(input.seed) {
    now_ms_ = input.accepted_ms;
    handle_ = ++generation << 8 | 1;
    current = this;
  }
  ~ActiveTurn() { current = nullptr; }
  ActiveTurn(const ActiveTurn&) = delete;
  ActiveTurn& operator=(const ActiveTurn&) = delete;

  toolpost_call handle() const { return handle_; }
  TurnOutput take(toolpost_status status);

  static ActiveTurn* find(toolpost_call call) {
    if (current == nullptr || current->handle_ == call) return current;
    current->note_foreign_handle();
    return nullptr;
  }

  toolpost_status start(std::string_view kind, std::string_view request, std::uint32_t timeout_ms,
                        toolpost_effect* effect);
  toolpost_status wait(toolpost_effect effect, toolpost_text* result);
  toolpost_status emit(std::string_view media_type, std::string_view part);
  toolpost_status set_error(std::string_view message, std::uint32_t retry_after_ms,
                            toolpost_side_effect side_effect);
  toolpost_status progress(double done, double total, std::string_view message);
  toolpost_status log(toolpost_log_level level, std::string_view line);
  std::int64_t now_ms() const { return now_ms_; }
  std::uint64_t random() { return random_.next(); }
  std::int64_t remaining_ms() const {
    return std::max<std::int64_t>(0, input_.deadline_ms - (now_ms_ - input_.accepted_ms - asked_ms_));
  }
  bool cancelled() const { return listener_ != nullptr && listener_->is_cancelled(); }

 private:
  toolpost_status diverge(std::string why);
  void note_foreign_handle() {
    if (listener_ != nullptr) listener_->on_foreign_handle();
  }

  inline static thread_local ActiveTurn* current = nullptr;
  inline static std::atomic<std::uint64_t> generation = 0;

  const TurnInput& input_;
  const TurnRunnerLimits& limits_;
  TurnListener* listener_;
  SeededRandom random_;
  toolpost_call handle_ = 0;
  TurnOutput output_;
  std::int64_t now_ms_ = 0;
  std::int64_t asked_ms_ = 0;  // of that, waiting for the user
  std::vector<bool> asks_;     // by effect: it asks the user
  std::size_t starts_ = 0;
  std::uint64_t output_bytes_ = 0;
  bool sealed_ = false;
  bool overflowed_ = false;
};

toolpost_status ActiveTurn::diverge(std::string why) {
  sealed_ = true;
  output_.end = TurnEnd::diverged;
  output_.message = std::move(why);
  return TOOLPOST_SUSPENDED;
}

toolpost_status ActiveTurn::start(std::string_view kind, std::string_view request, std::uint32_t timeout_ms,
                                  toolpost_effect* effect) {
  if (sealed_) return TOOLPOST_SUSPENDED;
  if (kind.empty() || kind.size() > 64 || effect == nullptr) return TOOLPOST_INVALID_INPUT;
  auto digest = effect_digest(kind, request);
  if (!digest) return TOOLPOST_INVALID_INPUT;
  const std::size_t index = starts_;
  if (index >= limits_.effects_max) return TOOLPOST_EXHAUSTED;
  if (index < input_.effects.size()) {
    if (input_.effects[index].digest != *digest) {
      return diverge("effect " + std::to_string(index + 1) + " is now \"" + std::string(kind) + "\" with " +
                     std::string(request.substr(0, 200)) +
                     ", but its first run asked for something else (digest " +
                     std::string(input_.effects[index].digest) + ")");
    }
  } else {
    output_.started.push_back({std::string(kind), std::string(request), std::move(*digest), timeout_ms});
  }
  ++starts_;
  asks_.push_back(kind == "ask");
  *effect = effect_handle(input_.seed, index);
  return TOOLPOST_OK;
}

toolpost_status ActiveTurn::wait(toolpost_effect effect, toolpost_text* result) {
  if (sealed_) return TOOLPOST_SUSPENDED;
  const auto index = effect_index(input_.seed, effect);
  const bool known = index && *index < starts_;
  if (!known) note_foreign_handle();
  if (!known || result == nullptr) return TOOLPOST_INVALID_INPUT;
  if (*index < input_.effects.size() && input_.effects[*index].done) {
    const TurnEffect& entry = input_.effects[*index];
    const std::int64_t began_ms = std::exchange(now_ms_, std::max(now_ms_, entry.done_at_ms));
    if (asks_[*index]) asked_ms_ += now_ms_ - began_ms;
    *result = text(entry.result);
    // ABI codes are ours plus one from `cancelled` on, where the ABI has SUSPENDED.
    if (entry.code == Errc::ok) return TOOLPOST_OK;
    return static_cast<std::int32_t>(effect_code(entry.code)) + 1;
  }
  sealed_ = true;
  output_.end = TurnEnd::suspended;
  output_.waiting_for = static_cast<std::uint32_t>(*index);
  return TOOLPOST_SUSPENDED;
}

toolpost_status ActiveTurn::emit(std::string_view media_type, std::string_view part) {
  if (sealed_) return TOOLPOST_SUSPENDED;
  if (media_type.empty() || media_type.size() > 128) return TOOLPOST_INVALID_INPUT;
  output_bytes_ += part.size();
  if (output_bytes_ > limits_.output_bytes_max || output_.parts.size() >= 256) {
    overflowed_ = true;
    return TOOLPOST_EXHAUSTED;
  }
  output_.parts.push_back({std::string(media_type), std::string(part)});
  return TOOLPOST_OK;
}

toolpost_status ActiveTurn::set_error(std::string_view message, std::uint32_t retry_after_ms,
                                      toolpost_side_effect side_effect) {
  if (sealed_) return TOOLPOST_SUSPENDED;
  output_.message = message.substr(0, 8192);
  output_.retry_after_ms = retry_after_ms;
  output_.side_effect = side_effect == TOOLPOST_SIDE_EFFECT_NONE   ? SideEffect::none
                        : side_effect == TOOLPOST_SIDE_EFFECT_DONE ? SideEffect::done
                                                                   : SideEffect::maybe;
  return TOOLPOST_OK;
}

toolpost_status ActiveTurn::progress(double done, double total, std::string_view message) {
  if (sealed_) return TOOLPOST_SUSPENDED;
  output_.progress_done = done;
  output_.progress_total = total;
  output_.progress_message = message.substr(0, 500);
  return TOOLPOST_OK;
}

toolpost_status ActiveTurn::log(toolpost_log_level level, std::string_view line) {
  if (sealed_) return TOOLPOST_SUSPENDED;
  const std::uint32_t number = ++output_.log_lines_total;
  if (number > limits_.log_lines_max) return TOOLPOST_EXHAUSTED;
  if (number > input_.log_lines_seen) {
    output_.log_lines.push_back({level, std::string(line.substr(0, limits_.log_line_bytes_max))});
  }
  return TOOLPOST_OK;
}

TurnOutput ActiveTurn::take(toolpost_status status) {
  if (output_.end == TurnEnd::suspended || output_.end == TurnEnd::diverged) {
    output_.parts.clear();
    return std::move(output_);
  }
  if (status < TOOLPOST_OK || status > TOOLPOST_INTERNAL) status = TOOLPOST_INTERNAL;
  if (status == TOOLPOST_SUSPENDED) {
    output_.code = Errc::internal;
    output_.message = "the plugin returned SUSPENDED although nothing was waited for";
  } else {
    output_.code = status == TOOLPOST_OK ? Errc::ok : static_cast<Errc>(status - 1);
  }
  if (output_.code == Errc::ok && starts_ < input_.effects.size() && !cancelled()) {
    output_.end = TurnEnd::diverged;
    output_.message = "the rerun finished after " + std::to_string(starts_) + " of the " +
                      std::to_string(input_.effects.size()) + " effects that its first run asked for";
  }
  if (output_.code == Errc::ok && overflowed_) {
    output_.code = Errc::exhausted;
    output_.message =
        "the reply passed limits.output_bytes_max = " + std::to_string(limits_.output_bytes_max);
  }
  if (output_.code != Errc::ok) output_.parts.clear();
  // Effects that a finished turn started and never waited for are not begun: nobody can see their results.
  output_.started.clear();
  return std::move(output_);
}

template <typename Body>
toolpost_status guarded(toolpost_call call, Body body) noexcept {
  ActiveTurn* turn = ActiveTurn::find(call);
  if (turn == nullptr) return TOOLPOST_INVALID_INPUT;
  try {
    return body(*turn);
  } catch (...) {
    return TOOLPOST_EXHAUSTED;  // no memory is the only thing our own code throws here
  }
}

const toolpost_call_1 kCallTable = {
    [](toolpost_call call, toolpost_text kind, toolpost_text request, uint32_t timeout_ms,
       toolpost_effect* effect) {
      return guarded(
          call, [&](ActiveTurn& turn) { return turn.start(view(kind), view(request), timeout_ms, effect); });
    },
    [](toolpost_call call, toolpost_effect effect, toolpost_text* result) {
      return guarded(call, [&](ActiveTurn& turn) { return turn.wait(effect, result); });
    },
    [](toolpost_call call, toolpost_text media_type, toolpost_text part) {
      return guarded(call, [&](ActiveTurn& turn) { return turn.emit(view(media_type), view(part)); });
    },
    [](toolpost_call call, toolpost_text message, uint32_t retry_after_ms, toolpost_side_effect side_effect) {
      return guarded(
          call, [&](ActiveTurn& turn) { return turn.set_error(view(message), retry_after_ms, side_effect); });
    },
    [](toolpost_call call, double done, double total, toolpost_text message) {
      return guarded(call, [&](ActiveTurn& turn) { return turn.progress(done, total, view(message)); });
    },
    [](toolpost_call call, toolpost_log_level level, toolpost_text line) {
      return guarded(call, [&](ActiveTurn& turn) { return turn.log(level, view(line)); });
    },
    [](toolpost_call call) -> int64_t {
      const ActiveTurn* turn = ActiveTurn::find(call);
      return turn == nullptr ? 0 : turn->now_ms();
    },
    [](toolpost_call call) -> uint64_t {
      ActiveTurn* turn = ActiveTurn::find(call);
      return turn == nullptr ? 0 : turn->random();
    },
    [](toolpost_call call) -> int64_t {
      const ActiveTurn* turn = ActiveTurn::find(call);
      return turn == nullptr ? 0 : turn->remaining_ms();
    },
    [](toolpost_call call) -> uint32_t {
      const ActiveTurn* turn = ActiveTurn::find(call);
      return turn != nullptr && turn->cancelled() ? 1 : 0;
    },
};

}  // namespace

const toolpost_host& plugin_host() {
  static const toolpost_host host = {
      sizeof(toolpost_host), TOOLPOST_ABI_MINOR, [](const char* id) -> const void* {
        return id != nullptr && std::strcmp(id, TOOLPOST_CALL_1) == 0 ? &kCallTable : nullptr;
      }};
  return host;
}

TurnOutput run_turn(const toolpost_invokable_1& table, void* instance, const TurnInput& input,
                    const TurnRunnerLimits& limits, TurnListener* listener) {
  ActiveTurn turn(input, limits, listener);
  const toolpost_status status =
      table.invoke(instance, turn.handle(), text(input.method), text(input.request));
  return turn.take(status);
}

}  // namespace toolpost
