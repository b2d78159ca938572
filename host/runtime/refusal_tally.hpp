#pragma once
// How often each plugin was refused what it reached for, so that an attempt is logged once and still counted.
// What a worker tells of itself (kernel.*, handle) is a plugin's word.

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace toolpost {

class RefusalTally {
 public:
  /// `what` comes from a fixed set: an effect kind, "protocol", or the name of a RefusedPower. True the first
  /// time, which is to be logged.
  bool count(const std::string& plugin, const std::string& what, std::uint64_t times) {
    std::uint64_t& counted = counts_[plugin][what];
    return std::exchange(counted, counted + times) == 0;
  }

  using Counts = std::map<std::string, std::uint64_t>;
  const Counts& of(const std::string& plugin) const {
    static const Counts none;
    const auto found = counts_.find(plugin);
    return found == counts_.end() ? none : found->second;
  }

 private:
  std::map<std::string, Counts> counts_;  // bounded by the plugins and the kinds there are
};

}  // namespace toolpost
