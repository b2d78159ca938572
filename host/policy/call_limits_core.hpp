#pragma once
// How much one call may use: effects, turns, provider calls and bytes of journal.
// Counts and refuses only; a refusal changes no counter.

#include <cstdint>

#include "base/result.hpp"
#include "config/settings.hpp"

namespace toolpost {

/// What a call has used so far; kept in its journal's header, so that a resumed call goes on counting.
struct CallUsage {
  std::uint32_t effects = 0;
  std::uint32_t turns = 0;
  std::uint32_t provider_calls = 0;
  std::uint64_t journal_bytes = 0;

  bool operator==(const CallUsage&) const = default;
};

class CallLimitsCore {
 public:
  explicit CallLimitsCore(const TurnSettings& limits, const CallUsage& used = {});

  /// Errors of all four: exhausted, naming the setting and its value.
  Result<void> start_turn();
  Result<void> start_effect();
  /// Counts the provider call only; it is an effect too.
  Result<void> start_provider_call();
  Result<void> add_journal(std::uint64_t bytes);
  /// A retry cuts the journal back; its bytes are free again, what was asked stays counted.
  void cut_journal(std::uint64_t bytes);

  const CallUsage& usage() const { return used_; }

 private:
  std::uint32_t effects_max_;
  std::uint32_t turns_max_;
  std::uint32_t provider_calls_max_;
  std::uint64_t journal_bytes_max_;
  CallUsage used_;
};

}  // namespace toolpost
