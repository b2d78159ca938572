#pragma once
// Who may run now, who waits, who is refused at once. Fair between owners: each takes one turn in the line.
// Pure; not for provider attempts (ProviderGateCore).

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"
#include "config/settings.hpp"

namespace toolpost {

using AdmissionId = std::uint64_t;

struct AdmissionOffer {
  AdmissionId id = 0;
  std::uint32_t owner = 0;
  std::uint32_t plugin = 0;
  std::optional<std::uint32_t> plugin_calls_max;  // plugins."ID".calls_max
  TimePoint deadline{};
};

enum class Admitted { now, queued, refused };
struct AdmissionAnswer {
  Admitted admitted = Admitted::now;
  Error error;  // when refused: shed, with retry_after and the setting that fired
};

class AdmissionCore {
 public:
  explicit AdmissionCore(const AdmissionSettings& settings) : settings_(settings) {}

  AdmissionAnswer offer(const AdmissionOffer& offer, TimePoint now);
  /// The call is over; returns those that may run now.
  std::vector<AdmissionId> release(AdmissionId id, TimePoint now);
  /// A queued call whose caller has gone. True if it was queued.
  bool withdraw(AdmissionId id);
  /// Queued calls that have waited too long, with what to tell them.
  std::vector<std::pair<AdmissionId, Error>> expire(TimePoint now);
  std::optional<TimePoint> next_expiry() const;

  std::size_t running() const { return running_.size(); }
  std::size_t queued() const { return queued_; }

 private:
  struct Queued {
    AdmissionOffer offer;
    TimePoint since{};
    TimePoint give_up{};
  };
  struct Running {
    std::uint32_t owner;
    std::uint32_t plugin;
    TimePoint since;
  };
  bool fits(const AdmissionOffer& offer) const;
  const char* full_setting(const AdmissionOffer& offer, std::uint32_t& value) const;
  void start(const AdmissionOffer& offer, TimePoint now);
  Error shed(const std::string& why) const;

  const AdmissionSettings& settings_;
  std::unordered_map<AdmissionId, Running> running_;
  std::unordered_map<std::uint32_t, std::uint32_t> owners_;   // running calls by owner
  std::unordered_map<std::uint32_t, std::uint32_t> plugins_;  // and by plugin
  std::map<std::uint32_t, std::deque<Queued>> queues_;        // by owner
  std::deque<std::uint32_t> line_;                            // owners with queued calls, next first
  std::size_t queued_ = 0;
  Duration usual_service_{};                                  // moving average, to tell hopeless calls early
};

}  // namespace toolpost
