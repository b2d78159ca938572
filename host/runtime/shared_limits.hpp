#pragma once
// What the hosts of one state folder share about a provider, in a file of its own, <state>/limits/NAME: a
// place is a lock on one byte, which the kernel takes back however a host dies; a pause, a lowered
// concurrency and resting models are records that any host may overwrite. They are advice: what is damaged or
// out of range says nothing, and a file that cannot be used leaves each host with its own limits.
// docs/decisions/0017 says why. Threads: the loop's.

#include <memory>
#include <vector>

#include "base/random.hpp"
#include "base/result.hpp"
#include "base/scheduler.hpp"
#include "base/unique_fd.hpp"
#include "policy/shared_provider.hpp"

namespace toolpost {

class SharedLimits final : public SharedProvider {
 public:
  /// Models of one provider whose breakers are remembered; of further ones the oldest is forgotten.
  static constexpr std::size_t kModelsMax = 64;
  /// A concurrency that was lowered longer ago counts no more.
  static constexpr Millis kConcurrencyAge{3'600'000};

  /// `provider` is a checked name; `poll` the time between two looks. Errors: unavailable, saying why.
  static Result<std::unique_ptr<SharedLimits>> open(Scheduler& loop, RandomSource& random,
                                                    const std::string& state_dir, const std::string& provider,
                                                    Millis poll);

  bool take_place(std::uint32_t places) override;
  void give_place() override;
  std::uint32_t places_taken(std::uint32_t places) override;
  void set_waiting(bool waits) override;
  bool others_wait() override;
  Duration look_again_after() override;
  std::optional<std::uint32_t> concurrency() override;
  void set_concurrency(std::uint32_t places) override;
  Duration pause_left() override;
  void pause(Duration time) override;
  std::optional<Rest> rest_of(const std::string& model) override;
  void set_rest(const std::string& model, Rest rest) override;

 private:
  struct Head {
    std::uint64_t magic = 0;
    std::int64_t pause_until_ms = 0;  // wall clock, as all times here
    std::int64_t lowered_at_ms = 0;
    std::uint64_t concurrency = 0;
  };
  struct Row {
    std::uint64_t model = 0;  // hash of the name; 0: free
    std::int64_t until_ms = 0;
    std::uint64_t openings = 0;
  };
  struct Image {
    Head head;
    Row rows[kModelsMax];
  };

  SharedLimits(Scheduler& loop, RandomSource& random, UniqueFd file, Millis poll)
      : loop_(loop), random_(random), file_(std::move(file)), poll_(poll) {}
  const Image& read();
  Duration time_left(std::int64_t until_ms) const;
  template <typename Part>
  void write(const Part& part);

  Scheduler& loop_;
  RandomSource& random_;
  const UniqueFd file_;
  const Millis poll_;
  std::vector<bool> mine_;  // places
  bool waiting_ = false;
  bool broken_ = false;  // the file failed us: from then on nothing is shared
  Image image_;          // as it was at read_at_
  TimePoint read_at_ = TimePoint::min();
};

}  // namespace toolpost
