#include "policy/call_limits_core.hpp"

#include <algorithm>
#include <string>

namespace toolpost {
namespace {

Result<void> count_one(std::uint32_t& used, std::uint32_t max, const char* setting, const char* what) {
  if (used < max) {
    ++used;
    return {};
  }
  return Error{Errc::exhausted,
               std::string("call limit: ") + setting + " = " + std::to_string(max) + " " + what +
                   " of this call are used up; ask for less in one call or raise the setting",
               Millis{0}, SideEffect::none};
}

}  // namespace

CallLimitsCore::CallLimitsCore(const TurnSettings& limits, const CallUsage& used)
    : effects_max_(limits.effects_max),
      turns_max_(limits.turns_max),
      provider_calls_max_(limits.provider_calls_max),
      journal_bytes_max_(limits.journal_bytes_max),
      used_(used) {}

Result<void> CallLimitsCore::start_turn() {
  return count_one(used_.turns, turns_max_, "turns.turns_max", "turns");
}

Result<void> CallLimitsCore::start_effect() {
  return count_one(used_.effects, effects_max_, "turns.effects_max", "effects");
}

Result<void> CallLimitsCore::start_provider_call() {
  return count_one(used_.provider_calls, provider_calls_max_, "turns.provider_calls_max", "provider calls");
}

Result<void> CallLimitsCore::add_journal(std::uint64_t bytes) {
  // Written so that neither side can overflow, whatever a resumed journal claims to have used.
  if (used_.journal_bytes <= journal_bytes_max_ && bytes <= journal_bytes_max_ - used_.journal_bytes) {
    used_.journal_bytes += bytes;
    return {};
  }
  return Error{Errc::exhausted,
               "call limit: turns.journal_bytes_max = " + std::to_string(journal_bytes_max_) +
                   " bytes: " + std::to_string(used_.journal_bytes) + " are used and " +
                   std::to_string(bytes) + " more do not fit; ask for smaller results or raise the setting",
               Millis{0}, SideEffect::none};
}

void CallLimitsCore::cut_journal(std::uint64_t bytes) {
  used_.journal_bytes -= std::min(bytes, used_.journal_bytes);
}

}  // namespace toolpost
