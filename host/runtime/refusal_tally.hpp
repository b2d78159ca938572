#pragma once
// How often each plugin was refused what it reached for, so that an attempt is logged once and still counted.
// Not for what the kernel refuses inside a worker: the host never hears of that (docs/threat-model.md).

#include <cstdint>
#include <map>
#include <string>

namespace toolpost {

class RefusalTally {
 public:
  /// `what` comes from a fixed set: an effect kind, or "protocol". True the first time, which is to be
  /// logged.
  bool count(const std::string& plugin, const std::string& what) { return ++counts_[plugin][what] == 1; }

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
