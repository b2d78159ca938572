#pragma once
// One run of the simulator: a host with random limits, clients that call it, and a random mix of faults, all
// from one seed. A host that is killed is followed by another on the same disk. After every event what must
// always hold is checked; in the end everything works again.

#include <array>
#include <cstdint>
#include <string>

#include "fault.hpp"
#include "sim_client.hpp"

namespace toolpost::sim {

struct Report {
  std::string problem;  // empty: every check held
  std::uint64_t events = 0;
  std::uint64_t asked = 0;  // of model servers
  std::uint64_t hosts = 0;
  std::uint64_t doubts = 0;          // requests that were under way when their host died
  std::uint64_t ended_in_doubt = 0;  // calls that ended for that
  ClientTally tally;
  std::array<std::uint64_t, kFaults> faults{};
};

/// The same seed gives the same report, to the last event.
Report simulate(std::uint64_t seed);

}  // namespace toolpost::sim
