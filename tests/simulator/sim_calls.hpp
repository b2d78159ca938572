#pragma once
// Makes the requests of simulated calls; sim_plugins.cpp is what carries them out.

#include <string>

#include "fault.hpp"

namespace toolpost::sim {

enum class Keeping { fleeting, durable };

/// Arguments of one call: a few steps, some of them wrong if the plan says so. `nonce` is its own. What a
/// durable one defers carries kDurableMark.
std::string random_arguments(RandomSource& random, FaultPlan& faults, std::uint64_t nonce, Keeping keeping);
/// Asks one model, and nothing is wrong with it.
std::string asking_arguments(RandomSource& random, std::uint64_t nonce);
std::string sleeping_arguments(std::uint64_t nonce);

}  // namespace toolpost::sim
