// toolpost_simulate --seeds N [--first S] [--verbose]: runs seeds S, S+1, …; stops at the first that fails
// and says how to repeat it. Prints what was done, so that a fault that never strikes shows.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "simulation.hpp"

using namespace toolpost::sim;

namespace {

struct Options {
  std::uint64_t seeds = 1000;
  std::uint64_t first = 1;
  bool verbose = false;
};

bool read(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const bool value = i + 1 < argc;
    if (std::strcmp(argv[i], "--seeds") == 0 && value) {
      options.seeds = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--first") == 0 && value) {
      options.first = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--verbose") == 0) {
      options.verbose = true;
    } else {
      return false;
    }
  }
  return options.seeds > 0;
}

void add(Report& sum, const Report& one) {
  sum.events += one.events;
  sum.asked += one.asked;
  sum.hosts += one.hosts;
  sum.doubts += one.doubts;
  sum.ended_in_doubt += one.ended_in_doubt;
  sum.tally.calls += one.tally.calls;
  sum.tally.answered_well += one.tally.answered_well;
  sum.tally.answered_with_error += one.tally.answered_with_error;
  sum.tally.cancelled += one.tally.cancelled;
  sum.tally.asked_again += one.tally.asked_again;
  for (std::size_t i = 0; i < kFaults; ++i) sum.faults[i] += one.faults[i];
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!read(argc, argv, options)) {
    std::fprintf(stderr, "usage: toolpost_simulate [--seeds N] [--first S] [--verbose]\n");
    return 2;
  }
  const auto begin = std::chrono::steady_clock::now();
  Report sum;
  for (std::uint64_t seed = options.first; seed < options.first + options.seeds; ++seed) {
    const Report report = simulate(seed);
    add(sum, report);
    if (options.verbose)
      std::printf("seed %lu: %lu events, %lu calls\n", seed, report.events, report.tally.calls);
    if (report.problem.empty()) continue;
    std::printf("seed %lu failed at %s\nrepeat it with: ./dev simulate --first %lu --seeds 1\n", seed,
                report.problem.c_str(), seed);
    return 1;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf(
      "%lu seeds in %.1f s: %lu events, %lu calls (%lu answered well, %lu with an error, %lu cancelled), "
      "models asked %lu times\n%lu hosts: %lu calls asked again, %lu requests in doubt, %lu calls ended so\n",
      options.seeds, seconds, sum.events, sum.tally.calls, sum.tally.answered_well,
      sum.tally.answered_with_error, sum.tally.cancelled, sum.asked, sum.hosts, sum.tally.asked_again,
      sum.doubts, sum.ended_in_doubt);
  std::size_t never = 0;
  for (std::size_t i = 0; i < kFaults; ++i) {
    if (options.verbose || sum.faults[i] == 0)
      std::printf("  %-32s %lu times\n", std::string(name(static_cast<Fault>(i))).c_str(), sum.faults[i]);
    never += sum.faults[i] == 0 ? 1 : 0;
  }
  std::printf("%zu kinds of faults, %zu of them never struck\n", kFaults, never);
  // With enough seeds each kind strikes; one that does not is not simulated at all.
  return options.seeds >= 5000 && (never != 0 || sum.ended_in_doubt == 0) ? 1 : 0;
}
