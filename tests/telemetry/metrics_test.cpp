#include "telemetry/metrics.hpp"

#include <sstream>

#include "catch.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {
bool has_line(const std::string& text, const std::string& line) {
  return text.find("\n" + line + "\n") != std::string::npos;
}
}  // namespace

TEST_CASE("metrics: counters appear with their labels once something happened", "[telemetry]") {
  Metrics metrics;
  CHECK(metrics.prometheus_text().find("toolpost_calls_total{") == std::string::npos);
  metrics.calls.add(Errc::ok, 2);
  metrics.calls.add(Errc::invalid_config);
  metrics.effects.add(EffectLabel::file_read, Errc::not_found);
  metrics.effects.add(EffectLabel::other, Errc::invalid_config);
  metrics.workers_ended.add(WorkerEnd::shutdown);
  metrics.sanitizer_actions.add(SanitizerAction::masked_secret);
  metrics.attempts.add(Errc::rate_limited);
  metrics.turns = 7;
  metrics.queue_size = 3;
  const std::string text = metrics.prometheus_text();
  CHECK(has_line(text, "toolpost_calls_total{outcome=\"ok\"} 2"));
  CHECK(has_line(text, "toolpost_calls_total{outcome=\"invalid_config\"} 1"));
  CHECK(has_line(text, "toolpost_effects_total{kind=\"file.read\",outcome=\"not_found\"} 1"));
  CHECK(has_line(text, "toolpost_effects_total{kind=\"other\",outcome=\"invalid_config\"} 1"));
  CHECK(has_line(text, "toolpost_workers_ended_total{reason=\"shutdown\"} 1"));
  CHECK(has_line(text, "toolpost_sanitizer_actions_total{action=\"masked_secret\"} 1"));
  CHECK(has_line(text, "toolpost_attempts_total{outcome=\"rate_limited\"} 1"));
  CHECK(has_line(text, "toolpost_turns_total 7"));
  CHECK(has_line(text, "toolpost_queue_size 3"));
  CHECK(has_line(text, "toolpost_turn_reruns_total 0"));
  CHECK(metrics.effects.value(EffectLabel::file_read, Errc::not_found) == 1);
}

TEST_CASE("metrics: a histogram's buckets are cumulative and hold their bound", "[telemetry]") {
  Metrics metrics;
  metrics.deadline_overshoot.observe(-5ms);
  metrics.deadline_overshoot.observe(1ms);
  metrics.deadline_overshoot.observe(1ms + 1ns);
  metrics.deadline_overshoot.observe(10s);
  const std::string text = metrics.prometheus_text();
  CHECK(has_line(text, "# TYPE toolpost_deadline_overshoot_seconds histogram"));
  CHECK(has_line(text, "toolpost_deadline_overshoot_seconds_bucket{le=\"0\"} 1"));
  CHECK(has_line(text, "toolpost_deadline_overshoot_seconds_bucket{le=\"0.001\"} 2"));
  CHECK(has_line(text, "toolpost_deadline_overshoot_seconds_bucket{le=\"0.005\"} 3"));
  CHECK(has_line(text, "toolpost_deadline_overshoot_seconds_bucket{le=\"5\"} 3"));
  CHECK(has_line(text, "toolpost_deadline_overshoot_seconds_bucket{le=\"+Inf\"} 4"));
  CHECK(has_line(text, "toolpost_deadline_overshoot_seconds_count 4"));
  CHECK(metrics.deadline_overshoot.sum() == Approx(10.002));
}

TEST_CASE("metrics: a call's duration is kept by tool and outcome, tokens by model", "[telemetry]") {
  Metrics metrics;
  const std::string labels = label_pair("tool", "debug") + "," + label_pair("outcome", "ok");
  metrics.call_duration.observe(labels, 2ms);
  metrics.call_duration.observe(labels, 200ms);
  metrics.call_duration.observe(label_pair("tool", "echo") + "," + label_pair("outcome", "hung"), 1s);
  metrics.tokens.add(label_pair("model", "m") + "," + label_pair("direction", "input"), 21);
  metrics.tokens.add(label_pair("model", "m") + "," + label_pair("direction", "input"), 4);
  metrics.cost.add(label_pair("model", "m") + "," + label_pair("currency", "USD"), 1'500);
  const std::string text = metrics.prometheus_text();
  const std::string name = "toolpost_call_duration_seconds";
  CHECK(has_line(text, name + "_bucket{tool=\"debug\",outcome=\"ok\",le=\"0.005\"} 1"));
  CHECK(has_line(text, name + "_bucket{tool=\"debug\",outcome=\"ok\",le=\"+Inf\"} 2"));
  CHECK(has_line(text, name + "_count{tool=\"debug\",outcome=\"ok\"} 2"));
  CHECK(has_line(text, name + "_sum{tool=\"echo\",outcome=\"hung\"} 1"));
  CHECK(has_line(text, "toolpost_tokens_total{model=\"m\",direction=\"input\"} 25"));
  CHECK(has_line(text, "toolpost_cost_micros_total{model=\"m\",currency=\"USD\"} 1500"));
}

TEST_CASE("metrics: the last series that fits is kept, the next is counted as overflow", "[telemetry]") {
  LabelledCounters counters;
  for (std::size_t i = 0; i < kSeriesMax; ++i) counters.add(label_pair("tool", std::to_string(i)), 1);
  CHECK(counters.all().size() == kSeriesMax);
  CHECK_FALSE(counters.all().contains("overflow=\"true\""));
  counters.add(label_pair("tool", "new"), 2);
  counters.add(label_pair("tool", "newer"), 3);
  counters.add(label_pair("tool", "0"), 1);
  CHECK(counters.all().at("overflow=\"true\"") == 5);
  CHECK(counters.all().at("tool=\"0\"") == 2);
  CHECK(counters.all().size() == kSeriesMax + 1);
}

TEST_CASE("metrics: a label's value cannot end its line or its quotes", "[telemetry]") {
  CHECK(label_pair("model", "a\"} 1\n\\\xff") == "model=\"a\\\"} 1?\\\\?\"");
  CHECK(label_pair("model", std::string(200, 'x')) == "model=\"" + std::string(128, 'x') + "\"");
}

TEST_CASE("metrics: effect kinds fold into a closed set", "[telemetry]") {
  CHECK(effect_label("provider") == EffectLabel::provider);
  CHECK(effect_label("file.read") == EffectLabel::file_read);
  CHECK(effect_label("store.put") == EffectLabel::store_put);
  CHECK(effect_label("git.diff") == EffectLabel::git);
  CHECK(effect_label("git") == EffectLabel::git);
  CHECK(effect_label("join") == EffectLabel::join);
  CHECK(effect_label("evil\"} 1") == EffectLabel::other);
}

TEST_CASE("metrics: every line is a comment or a sample, every family is described once", "[telemetry]") {
  Metrics metrics;
  for (std::size_t i = 0; i < kLabelCount<Errc>; ++i) metrics.calls.add(static_cast<Errc>(i));
  std::istringstream lines(metrics.prometheus_text());
  std::string described;
  int families = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) {
      described = line.substr(7, line.find(' ', 7) - 7);
      ++families;
    } else if (!line.starts_with("# TYPE ")) {
      INFO(line);
      CHECK(line.starts_with(described));
      CHECK(line.find_first_not_of("0123456789.e+-", line.rfind(' ') + 1) == std::string::npos);
    }
  }
  CHECK(families == 22);
}
