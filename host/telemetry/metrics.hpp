#pragma once
// What the host counts about itself, as Prometheus text. Names and labels come from closed sets only, so a
// caller cannot make a series; the loop writes and reads, without locks. Not for events of one call (see
// log).

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/time.hpp"
#include "telemetry/histogram.hpp"
#include "telemetry/labelled_metrics.hpp"

namespace toolpost {

enum class EffectLabel : unsigned char {
  provider,
  http,
  file_read,
  file_list,
  git,
  store_get,
  store_put,
  thread_read,
  thread_append,
  models,
  host_status,
  ask,
  sample,
  sleep,
  join,
  other,
};
/// Of an effect's kind, e.g. "file.read", "git.diff"; `other` for what is not known here.
EffectLabel effect_label(std::string_view kind);

enum class WorkerEnd : unsigned char { retired, crashed, hung, protocol, not_ready, shutdown, lost };

enum class SanitizerAction : unsigned char {
  stripped_invisible,
  refused_structure,  // lines and arguments that are no JSON, or break a limit of [limits]
  refused_schema,
  masked_secret,
};

/// How many values a label has.
template <typename Label>
inline constexpr std::size_t kLabelCount = 0;
template <>
inline constexpr std::size_t kLabelCount<Errc> = static_cast<std::size_t>(Errc::invalid_config) + 1;
template <>
inline constexpr std::size_t kLabelCount<EffectLabel> = static_cast<std::size_t>(EffectLabel::other) + 1;
template <>
inline constexpr std::size_t kLabelCount<WorkerEnd> = static_cast<std::size_t>(WorkerEnd::lost) + 1;
template <>
inline constexpr std::size_t kLabelCount<SanitizerAction> =
    static_cast<std::size_t>(SanitizerAction::masked_secret) + 1;

std::string_view label_name(EffectLabel label);
std::string_view label_name(WorkerEnd label);
std::string_view label_name(SanitizerAction label);
inline std::string_view label_name(Errc label) {
  return name(label);
}

template <typename Label>
class CounterBy {
 public:
  void add(Label label, std::uint64_t amount = 1) { values_[static_cast<std::size_t>(label)] += amount; }
  std::uint64_t value(Label label) const { return values_[static_cast<std::size_t>(label)]; }

 private:
  std::array<std::uint64_t, kLabelCount<Label>> values_{};
};

template <typename First, typename Second>
class CounterByTwo {
 public:
  void add(First first, Second second) { ++values_[index(first, second)]; }
  std::uint64_t value(First first, Second second) const { return values_[index(first, second)]; }

 private:
  static std::size_t index(First first, Second second) {
    return static_cast<std::size_t>(first) * kLabelCount<Second> + static_cast<std::size_t>(second);
  }
  std::array<std::uint64_t, kLabelCount<First> * kLabelCount<Second>> values_{};
};

/// Threads: the loop's.
struct Metrics {
  Metrics();

  CounterBy<Errc> calls;                    // finished, by outcome
  std::uint64_t turns = 0;                  // runs of plugin code
  CounterByTwo<EffectLabel, Errc> effects;  // finished, by kind and outcome
  CounterBy<Errc> attempts;                 // of provider calls, by outcome
  std::uint64_t turn_reruns = 0;            // turns run again after a crash
  std::uint64_t reloads = 0;                // of the configuration, that took effect
  std::uint64_t reloads_refused = 0;
  std::uint64_t workers_started = 0;
  CounterBy<WorkerEnd> workers_ended;
  CounterBy<SanitizerAction> sanitizer_actions;
  std::uint64_t log_lines_lost = 0;  // set from Log::lost()

  std::uint64_t queue_size = 0;  // calls waiting to start
  std::uint64_t calls_running = 0;
  std::uint64_t workers_running = 0;

  Histogram deadline_overshoot;         // answer after its deadline by so much; 0 when in time
  LabelledHistograms call_duration;     // acceptance to answer, by tool and outcome
  LabelledHistograms attempt_duration;  // of provider calls, by provider, model and outcome
  LabelledCounters retries;             // attempts beyond the first, by provider and model
  LabelledCounters breaker_openings;    // by provider and model
  LabelledCounters attempts_waiting;    // for a place now, by provider; a gauge
  LabelledCounters tokens;              // as providers report them, by provider, model and direction
  LabelledCounters cost;                // in millionths, by provider, model and currency

  /// Text format 0.0.4. A labelled series appears with its first event.
  std::string prometheus_text() const;
};

}  // namespace toolpost
