#pragma once
// Where randomness comes from: the kernel in production, a seed in tests and the simulator.

#include <cstdint>
#include <string>

namespace toolpost {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual std::uint64_t next() = 0;

  /// Uniform in [0, bound); 0 for bound 0.
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
  /// A random identifier of 128 bits in lower-case hex; not guessable with SystemRandom.
  std::string id();
};

/// getrandom(2), buffered. Threads: one.
class SystemRandom final : public RandomSource {
 public:
  std::uint64_t next() override;

 private:
  std::uint64_t buffer_[32] = {};
  unsigned left_ = 0;
};

/// splitmix64 (Steele, Lea, Flood 2014): the same seed gives the same sequence for ever.
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override;

 private:
  std::uint64_t state_;
};

}  // namespace toolpost
