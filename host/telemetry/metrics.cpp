#include "telemetry/metrics.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace toolpost {
namespace {

constexpr double kOvershootBounds[] = {0, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5};
constexpr double kDurationBounds[] = {0.001, 0.005, 0.025, 0.1, 0.5, 1,   2.5, 5,
                                      10,    30,    45,    60,  120, 300, 600, 900};

constexpr std::string_view kEffectNames[] = {
    "provider",      "http",   "file.read",   "file.list", "git",    "store.get", "store.put", "thread.read",
    "thread.append", "models", "host.status", "ask",       "sample", "sleep",     "join",      "other"};
constexpr std::string_view kWorkerEndNames[] = {"retired",   "crashed",  "hung", "protocol",
                                                "not_ready", "shutdown", "lost"};
constexpr std::string_view kSanitizerNames[] = {"stripped_invisible", "refused_structure", "refused_schema",
                                                "masked_secret"};
static_assert(std::size(kEffectNames) == kLabelCount<EffectLabel>);
static_assert(std::size(kWorkerEndNames) == kLabelCount<WorkerEnd>);
static_assert(std::size(kSanitizerNames) == kLabelCount<SanitizerAction>);
static_assert(std::size(kOvershootBounds) <= Histogram::kBoundsMax);
static_assert(std::size(kDurationBounds) <= Histogram::kBoundsMax);

std::string number_text(double value) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

// One metric family after the other, each with its two comment lines.
class PrometheusText {
 public:
  void value(std::string_view name, std::string_view help, std::string_view type, std::uint64_t value) {
    head(name, help, type);
    line(name, "", std::to_string(value));
  }

  template <typename Label>
  void counter(std::string_view name, std::string_view help, std::string_view label,
               const CounterBy<Label>& values) {
    head(name, help, "counter");
    for (std::size_t i = 0; i < kLabelCount<Label>; ++i) {
      const auto which = static_cast<Label>(i);
      if (values.value(which) != 0)
        line(name, pair(label, label_name(which)), std::to_string(values.value(which)));
    }
  }

  void effects(std::string_view name, std::string_view help, const CounterByTwo<EffectLabel, Errc>& values) {
    head(name, help, "counter");
    for (std::size_t i = 0; i < kLabelCount<EffectLabel>; ++i) {
      for (std::size_t j = 0; j < kLabelCount<Errc>; ++j) {
        const auto kind = static_cast<EffectLabel>(i);
        const auto outcome = static_cast<Errc>(j);
        const std::uint64_t count = values.value(kind, outcome);
        if (count == 0) continue;
        line(name, pair("kind", label_name(kind)) + "," + pair("outcome", label_name(outcome)),
             std::to_string(count));
      }
    }
  }

  void counters(std::string_view name, std::string_view help, const LabelledCounters& values,
                std::string_view type = "counter") {
    head(name, help, type);
    for (const auto& [labels, value] : values.all()) line(name, labels, std::to_string(value));
  }

  void histogram(std::string_view name, std::string_view help, const Histogram& values) {
    head(name, help, "histogram");
    series(std::string(name), "", values);
  }

  void histograms(std::string_view name, std::string_view help, const LabelledHistograms& values) {
    head(name, help, "histogram");
    for (const auto& [labels, histogram] : values.all()) series(std::string(name), labels, histogram);
  }

  std::string take() { return std::move(out_); }

 private:
  static std::string pair(std::string_view label, std::string_view value) {
    std::string text(label);
    return text.append("=\"").append(value).append(1, '"');
  }
  void series(const std::string& name, const std::string& labels, const Histogram& values) {
    const std::string more = labels.empty() ? "" : labels + ",";
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < values.bounds().size(); ++i) {
      below += values.in_bucket(i);
      line(name + "_bucket", more + pair("le", number_text(values.bounds()[i])), std::to_string(below));
    }
    line(name + "_bucket", more + pair("le", "+Inf"), std::to_string(values.count()));
    line(name + "_sum", labels, number_text(values.sum()));
    line(name + "_count", labels, std::to_string(values.count()));
  }
  void head(std::string_view name, std::string_view help, std::string_view type) {
    out_.append("# HELP ").append(name).append(1, ' ').append(help).append(1, '\n');
    out_.append("# TYPE ").append(name).append(1, ' ').append(type).append(1, '\n');
  }
  void line(std::string_view name, std::string_view labels, std::string_view value) {
    out_.append(name);
    if (!labels.empty()) out_.append(1, '{').append(labels).append(1, '}');
    out_.append(1, ' ').append(value).append(1, '\n');
  }

  std::string out_;
};

}  // namespace

EffectLabel effect_label(std::string_view kind) {
  if (kind.starts_with("git.")) return EffectLabel::git;
  const auto found = std::find(std::begin(kEffectNames), std::end(kEffectNames), kind);
  return found == std::end(kEffectNames) ? EffectLabel::other
                                         : static_cast<EffectLabel>(found - std::begin(kEffectNames));
}

std::string_view label_name(EffectLabel label) {
  return kEffectNames[static_cast<std::size_t>(label)];
}
std::string_view label_name(WorkerEnd label) {
  return kWorkerEndNames[static_cast<std::size_t>(label)];
}
std::string_view label_name(SanitizerAction label) {
  return kSanitizerNames[static_cast<std::size_t>(label)];
}

std::string label_pair(std::string_view label, std::string_view value) {
  constexpr std::size_t kValueBytesMax = 128;
  std::string text(label);
  text += "=\"";
  for (const char c : value.substr(0, kValueBytesMax)) {
    if (c == '"' || c == '\\') text += '\\';
    const auto byte = static_cast<unsigned char>(c);
    text += byte < 0x20 || byte > 0x7E ? '?' : c;
  }
  return text + '"';
}

void Histogram::observe(Duration duration) {
  const double seconds = std::max(0.0, std::chrono::duration<double>(duration).count());
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), seconds);
  ++buckets_[static_cast<std::size_t>(bucket - bounds_.begin())];
  sum_ += seconds;
}

std::uint64_t Histogram::count() const {
  return std::accumulate(buckets_.begin(), buckets_.end(), std::uint64_t{0});
}

Metrics::Metrics()
    : deadline_overshoot(kOvershootBounds),
      call_duration(kDurationBounds),
      attempt_duration(kDurationBounds) {}

std::string Metrics::prometheus_text() const {
  PrometheusText text;
  text.counter("toolpost_calls_total", "Finished calls by outcome.", "outcome", calls);
  text.value("toolpost_turns_total", "Runs of plugin code.", "counter", turns);
  text.effects("toolpost_effects_total", "Finished effects by kind and outcome.", effects);
  text.counter("toolpost_attempts_total", "Attempts of provider calls by outcome.", "outcome", attempts);
  text.counters("toolpost_retries_total", "Attempts beyond the first.", retries);
  text.value("toolpost_turn_reruns_total", "Turns run again after a crash.", "counter", turn_reruns);
  text.value("toolpost_config_reloads_total", "Reloads that took effect.", "counter", reloads);
  text.value("toolpost_config_reloads_refused_total", "Reloads that changed nothing.", "counter",
             reloads_refused);
  text.counters("toolpost_breaker_openings_total", "Times that a breaker opened.", breaker_openings);
  text.value("toolpost_workers_started_total", "Workers started.", "counter", workers_started);
  text.counter("toolpost_workers_ended_total", "Workers ended or killed by reason.", "reason", workers_ended);
  text.counter("toolpost_sanitizer_actions_total", "What the sanitizer changed or refused.", "action",
               sanitizer_actions);
  text.value("toolpost_log_lines_lost_total", "Log lines that nobody took.", "counter", log_lines_lost);
  text.value("toolpost_queue_size", "Calls waiting to start.", "gauge", queue_size);
  text.counters("toolpost_attempts_waiting", "Attempts that wait for a place at their provider.",
                attempts_waiting, "gauge");
  text.value("toolpost_calls_running", "Calls that have started and not finished.", "gauge", calls_running);
  text.value("toolpost_workers_running", "Workers alive.", "gauge", workers_running);
  text.histogram("toolpost_deadline_overshoot_seconds", "How long after its deadline a call was answered.",
                 deadline_overshoot);
  text.histograms("toolpost_call_duration_seconds", "From acceptance to answer, by tool and outcome.",
                  call_duration);
  text.histograms("toolpost_attempt_duration_seconds", "One attempt of a provider call.", attempt_duration);
  text.counters("toolpost_tokens_total", "Tokens as the providers report them.", tokens);
  text.counters("toolpost_cost_micros_total", "What answers cost, in millionths of the currency.", cost);
  return text.take();
}

}  // namespace toolpost
