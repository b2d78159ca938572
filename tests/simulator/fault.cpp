#include "fault.hpp"

namespace toolpost::sim {

std::string_view name(Fault fault) {
  static constexpr std::string_view names[] = {
#define TOOLPOST_SIM_FAULT(name) #name,
      TOOLPOST_SIM_FAULTS(TOOLPOST_SIM_FAULT)
#undef TOOLPOST_SIM_FAULT
  };
  return names[static_cast<std::size_t>(fault)];
}

FaultPlan::FaultPlan(RandomSource& random) : random_(random) {
  // One run in sixteen is quiet: what holds without faults must hold too.
  const std::uint64_t density = random.below(16);
  for (std::size_t i = 0; i < kFaults; ++i) {
    enabled_[i] = random.below(48) < density;
    permille_[i] = random.below(4) == 0 ? 300 : 20 + static_cast<std::uint32_t>(random.below(80));
  }
}

bool FaultPlan::strikes(Fault fault) {
  const auto i = static_cast<std::size_t>(fault);
  if (!enabled_[i] || random_.below(1000) >= permille_[i]) return false;
  ++counts_[i];
  return true;
}

}  // namespace toolpost::sim
