#pragma once
// Metric series whose labels are known only at run time: names of tools, providers and models. Those come
// from plugins and the configuration, never from callers, and there is a bound all the same.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "telemetry/histogram.hpp"

namespace toolpost {

/// Series of one family; what comes beyond is counted in one that is labelled overflow="true".
constexpr std::size_t kSeriesMax = 512;

/// `tool="debug"`, with the value escaped for the text format and cut at 128 bytes.
std::string label_pair(std::string_view label, std::string_view value);

template <typename Value>
class SeriesByLabels {
 public:
  /// `labels` is one or more label_pair(), joined by commas. `make` gives the value of a new series.
  template <typename Make>
  Value& at(const std::string& labels, Make make) {
    const auto found = series_.find(labels);
    if (found != series_.end()) return found->second;
    const bool full = series_.size() >= kSeriesMax;
    return series_.try_emplace(full ? "overflow=\"true\"" : labels, make()).first->second;
  }
  const std::map<std::string, Value>& all() const { return series_; }

 private:
  std::map<std::string, Value> series_;
};

class LabelledHistograms {
 public:
  /// `bounds` as of Histogram. Lifetime: borrowed, static.
  explicit LabelledHistograms(std::span<const double> bounds) : bounds_(bounds) {}
  void observe(const std::string& labels, Duration duration) {
    series_.at(labels, [this] { return Histogram(bounds_); }).observe(duration);
  }
  const std::map<std::string, Histogram>& all() const { return series_.all(); }

 private:
  std::span<const double> bounds_;
  SeriesByLabels<Histogram> series_;
};

class LabelledCounters {
 public:
  void add(const std::string& labels, std::uint64_t amount) {
    series_.at(labels, [] { return std::uint64_t{0}; }) += amount;
  }
  const std::map<std::string, std::uint64_t>& all() const { return series_.all(); }
  /// Of a gauge, before it is taken anew.
  void clear() { series_ = {}; }

 private:
  SeriesByLabels<std::uint64_t> series_;
};

}  // namespace toolpost
