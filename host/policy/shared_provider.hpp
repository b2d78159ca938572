#pragma once
// What all hosts of one state folder know together about one provider: how many attempts run, how many may,
// how long it asked to be left alone, and which of its models rest. The policies ask; nothing here waits.
// Times are durations from now, since hosts share no clock but the wall's. Threads: the loop's.

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.hpp"

namespace toolpost {

class SharedProvider {
 public:
  /// How a breaker stands; `openings` 0 says that the model was healthy when it was last heard of.
  struct Rest {
    Duration left{0};
    std::uint32_t openings = 0;
  };

  virtual ~SharedProvider() = default;

  /// Takes one of the first `places`; false when the hosts have taken all of them. A host that dies gives its
  /// own back.
  virtual bool take_place(std::uint32_t places) = 0;
  /// Gives one back that this host took.
  virtual void give_place() = 0;
  /// How many of the first `places` are taken, by any host.
  virtual std::uint32_t places_taken(std::uint32_t places) = 0;

  /// Whether attempts of this host wait for a place; other hosts then do not overtake them.
  virtual void set_waiting(bool waits) = 0;
  virtual bool others_wait() = 0;
  /// How long to wait before a place is looked for again; differs from time to time, so that no host is
  /// always the first.
  virtual Duration look_again_after() = 0;

  /// What the upstream lowered the concurrency to; nothing when no host was told so lately.
  virtual std::optional<std::uint32_t> concurrency() = 0;
  virtual void set_concurrency(std::uint32_t places) = 0;
  /// How long nothing may start; 0 when anything may.
  virtual Duration pause_left() = 0;
  virtual void pause(Duration time) = 0;

  /// Nothing when no host has said anything of that model.
  virtual std::optional<Rest> rest_of(const std::string& model) = 0;
  virtual void set_rest(const std::string& model, Rest rest) = 0;
};

}  // namespace toolpost
