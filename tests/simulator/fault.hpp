#pragma once
// Everything that can go wrong in a simulated run, and which of it does in this one.

#include <array>
#include <bitset>
#include <cstdint>
#include <string_view>

#include "base/random.hpp"

namespace toolpost::sim {

// clang-format off
#define TOOLPOST_SIM_FAULTS(X)                                                                          \
  /* workers and what starts them */                                                                    \
  X(spawn_fails) X(spawn_slow) X(never_ready) X(dies_while_loading) X(load_refused) X(dies_in_turn)     \
  X(dies_before_reply_is_sent) X(dies_after_reply) X(dies_idle) X(spins) X(slow_turn) X(garbage_frame)  \
  X(unreadable_output) X(replies_twice) X(replies_for_foreign_number) X(replies_out_of_order)           \
  X(runs_revoked_turn) X(lies_about_started) X(lies_about_clock) X(survives_kill_for_a_while)           \
  X(death_is_told_late) X(all_workers_die) X(skips_without_reason) X(silent_after_ready)                \
  /* plugin code */                                                                                     \
  X(diverges) X(finishes_early) X(wrong_output) X(no_output) X(error_with_advice) X(suspends_on_nothing) \
  X(floods_effects) X(floods_turns) X(floods_output) X(foreign_effect) X(goes_on_after_seal)            \
  X(floods_log) X(leaves_effects) X(wrong_join) X(unknown_effect) X(broken_effect_json)                 \
  /* model servers */                                                                                   \
  X(refuses) X(is_silent) X(is_slow) X(fails_500) X(throttles_rate) X(throttles_concurrency)            \
  X(wants_money) X(denies_key) X(blocks_content) X(stalls_in_stream) X(resets)                          \
  X(answers_at_the_deadline) X(answers_huge) X(answers_nonsense) X(absurd_retry_after) X(storm)         \
  /* store and disk */                                                                                  \
  X(commit_fails) X(commit_slow) X(commit_never_ends) X(lane_full) X(read_fails) X(record_fails)        \
  X(record_slow)                                                                                        \
  /* hosts */                                                                                           \
  X(host_killed) X(host_killed_before_commit) X(host_killed_after_commit)                               \
  /* clients */                                                                                         \
  X(cancels) X(cancel_storm) X(repeats_id) X(vanishes) X(unknown_tool) X(bad_json) X(bad_arguments)     \
  X(oversize_line) X(cancels_unknown) X(burst) X(impatient_client) X(ping_flood)                        \
  /* time */                                                                                            \
  X(wall_clock_jumps_back) X(wall_clock_jumps_ahead) X(host_stands_still)
// clang-format on

enum class Fault : unsigned {
#define TOOLPOST_SIM_FAULT(name) name,
  TOOLPOST_SIM_FAULTS(TOOLPOST_SIM_FAULT)
#undef TOOLPOST_SIM_FAULT
      count
};
constexpr std::size_t kFaults = static_cast<std::size_t>(Fault::count);
std::string_view name(Fault fault);

/// Each run has its own mix: most faults are off, a few are likely. Mixes find more than all faults at once.
class FaultPlan {
 public:
  explicit FaultPlan(RandomSource& random);

  /// Whether `fault` happens here and now; counts it.
  bool strikes(Fault fault);
  /// From here on everything works.
  void heal() { enabled_.reset(); }
  const std::array<std::uint64_t, kFaults>& counts() const { return counts_; }

 private:
  RandomSource& random_;
  std::bitset<kFaults> enabled_;
  std::array<std::uint32_t, kFaults> permille_{};
  std::array<std::uint64_t, kFaults> counts_{};
};

}  // namespace toolpost::sim
